// Statistics whose names come from what passes through, such as a gRPC method or the label values of a mesh's metrics:
// their groups are made on first use, by whichever thread needs them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "observe/stats.h"

namespace proa::observe {

using StatTags = std::vector<std::pair<std::string, std::string>>;

/// Thread-safe. A thread looks a name up in a table of its own; only its first use of a name takes a lock. Groups live
/// as long as this. Who sends requests may choose names, so there is a limit.
class DynamicStats {
 public:
  static constexpr size_t kMost = 10'000;

  explicit DynamicStats(Registry& registry, size_t most = kMost);
  DynamicStats(const DynamicStats&) = delete;
  DynamicStats& operator=(const DynamicStats&) = delete;

  /// The group of that schema and name, null when there is none and no room for it. `tags` is asked once for each name,
  /// by one thread.
  StatGroup* find(const StatSchema& schema, std::string_view name, const std::function<StatTags()>& tags);

 private:
  using Key = std::pair<const StatSchema*, std::string>;
  StatGroup* find_slowly(const StatSchema& schema, std::string_view name, const std::function<StatTags()>& tags);

  Registry& registry_;
  const size_t most_;
  const uint64_t serial_;  // tells objects apart in the threads' tables, also after one was destroyed
  std::mutex mutex_;
  std::map<Key, std::unique_ptr<StatGroup>> groups_;
};

}  // namespace proa::observe
