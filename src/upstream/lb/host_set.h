// An immutable picture of a cluster's hosts and their health: what balancers work on.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "upstream/lb/host.h"

namespace proa::upstream {

struct LocalityGroup {
  std::shared_ptr<const Locality> locality;
  uint32_t weight = 0;
  std::vector<Host*> hosts;
  std::vector<Host*> healthy;
  std::vector<Host*> degraded;
};

/// The hosts of one priority. The lists of raw pointers are kept alive by `hosts`.
struct PriorityHosts {
  std::vector<HostRef> hosts;
  std::vector<Host*> all;  ///< `hosts` without those that discovery says are excluded; what panic uses
  std::vector<Host*> healthy;
  std::vector<Host*> degraded;
  uint32_t excluded = 0;  ///< not counted in health percentages: pending or immediate failure
  /// Grouped by locality, the local one first; empty when there is one locality without a weight.
  std::vector<LocalityGroup> localities;
  bool first_is_local = false;
};

/// Immutable after build; shared by all threads. Health is that of the moment of build(): a change of health
/// makes a new set of the same hosts.
class HostSet {
 public:
  struct Member {
    HostRef host;
    uint32_t locality_weight = 0;
  };
  struct Options {
    uint32_t overprovisioning_factor = 140;
    bool weighted_priority_health = false;
    const Locality* local = nullptr;  ///< this proxy's own
  };
  /// Members in the order of configuration; each names its priority and locality. `version` rises with every
  /// set of a cluster.
  static std::shared_ptr<const HostSet> build(const std::vector<Member>& members, const Options& options,
                                              uint64_t version);

  const std::vector<PriorityHosts>& priorities() const { return priorities_; }
  uint64_t version() const { return version_; }
  uint32_t overprovisioning_factor() const { return overprovisioning_factor_; }
  bool weighted_priority_health() const { return weighted_priority_health_; }
  size_t size() const { return size_; }
  size_t healthy() const { return healthy_; }
  size_t degraded() const { return degraded_; }
  size_t excluded() const { return excluded_; }
  /// The host with that address text, or nullptr. The index is built at the first call. Any thread.
  Host* find(std::string_view address_text) const;

 private:
  using Index = std::unordered_map<std::string_view, Host*>;
  std::vector<PriorityHosts> priorities_;
  uint64_t version_ = 0;
  size_t size_ = 0;
  size_t healthy_ = 0;
  size_t degraded_ = 0;
  size_t excluded_ = 0;
  uint32_t overprovisioning_factor_ = 140;
  bool weighted_priority_health_ = false;
  mutable std::once_flag indexed_;
  mutable std::unique_ptr<Index> index_;
};

}  // namespace proa::upstream
