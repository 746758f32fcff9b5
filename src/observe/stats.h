// Counters, gauges and histograms: plain per-thread cells, resolved when the configuration is compiled and
// summed on scrape. The request path pays two loads and an add; nothing is allocated before a first write.
//
//   StatSchema   what a kind of thing counts: one static table ("cluster": upstream_cx_total, ...)
//   StatGroup    one thing that counts ("cluster.backend"); its per-thread block is made on the first write
//   Registry     all groups; reads every thread's blocks on scrape
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace proa::observe {

enum class StatKind : uint8_t { kCounter, kGauge, kHistogram };
enum class Unit : uint8_t { kNone, kMilliseconds, kBytes };

struct StatDef {
  std::string_view name;  ///< without the group's prefix: "upstream_cx_total"
  StatKind kind = StatKind::kCounter;
  Unit unit = Unit::kNone;  ///< of a histogram
};

/// Static; lives for ever. The index of a stat is its place in `stats`, usually given as an enum.
struct StatSchema {
  std::string_view prefix;  ///< "cluster", "http", "listener", "server"
  std::span<const StatDef> stats;
  /// Names with which counters per HTTP status and class appear ("upstream_rq" -> upstream_rq_200,
  /// upstream_rq_2xx); several for internal and external. Index in StatGroup::count_status().
  std::span<const std::string_view> status_prefixes = {};
  /// In place of `prefix` in Prometheus' names, where the middle of the name became a tag; empty: `prefix`.
  std::string_view family = {};
};

/// A name and its place in both worlds: /stats prints prefix.name.stat, Prometheus prints
/// envoy_prefix_stat{tags}. `name` may be empty ("server.live").
struct StatName {
  std::string name;  ///< "backend": the middle of "cluster.backend.upstream_cx_total"
  std::vector<std::pair<std::string, std::string>> tags;  ///< {"envoy_cluster_name", "backend"}
};

/// A cell of a counter or gauge holds twice its value, and this once anything was written: a gauge that went back to 0
/// is in use, one that was never touched is not.
inline constexpr int64_t kWritten = 1;

class Registry;
struct CellBlock;

/// One thing that counts. Made and destroyed on any thread, written by any thread. Destroying it drops its values
/// and must happen after its last write: shared_ptr it with what it counts.
class StatGroup {
 public:
  StatGroup(Registry& registry, const StatSchema& schema, StatName name);
  ~StatGroup();
  StatGroup(const StatGroup&) = delete;
  StatGroup& operator=(const StatGroup&) = delete;

  /// Counter or gauge += n. Gauges may go down; their sum over threads is what counts.
  template <class Index>
  void add(Index index, int64_t n = 1) {
    std::atomic<int64_t>& cell = cells()[static_cast<size_t>(index)];
    cell.store((cell.load(std::memory_order_relaxed) | kWritten) + 2 * n, std::memory_order_relaxed);
  }
  template <class Index>
  void sub(Index index, int64_t n = 1) {
    add(index, -n);
  }
  /// Histogram sample, in the stat's unit.
  template <class Index>
  void record(Index index, uint64_t value) {
    record_at(static_cast<size_t>(index), value);
  }
  /// Counts one response of `status` under the schema's status prefix `which` (code and class).
  void count_status(size_t which, unsigned status);
  /// A gauge that is set, not added to (by one thread only, e.g. membership_total by the main thread).
  template <class Index>
  void set(Index index, int64_t value) {
    cells()[static_cast<size_t>(index)].store(2 * value | kWritten, std::memory_order_relaxed);
  }
  /// The sum over all threads. Any thread; for tests, admin and limits off the request path.
  template <class Index>
  int64_t value(Index index) const {
    return sum(static_cast<size_t>(index));
  }

  const StatSchema& schema() const { return schema_; }
  const StatName& name() const { return name_; }
  uint32_t id() const { return id_; }
  Registry& registry() const { return registry_; }

 private:
  CellBlock& block();  // this thread's; made on first use
  std::atomic<int64_t>* cells();
  void record_at(size_t index, uint64_t value);
  int64_t sum(size_t index) const;

  Registry& registry_;
  const StatSchema& schema_;
  StatName name_;
  uint32_t id_;
};

}  // namespace proa::observe
