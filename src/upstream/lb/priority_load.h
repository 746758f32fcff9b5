// How traffic spreads over priorities: overprovisioning, degraded hosts, panic.
#pragma once

#include <cstdint>
#include <vector>

#include "upstream/lb/host_set.h"

namespace proa::upstream {

/// Percent of the traffic for each priority, healthy hosts and degraded ones; all of them sum up to 100.
/// Immutable once computed.
///
/// A priority's availability is overprovisioning x healthy / all, at most 100 percent; priority 0 takes as much as
/// it can, the next one the rest. When all priorities together have less than 100 percent, a priority under the
/// panic threshold ignores health; when all panic, traffic follows the number of hosts.
class PriorityLoad {
 public:
  PriorityLoad(const HostSet& hosts, uint32_t panic_threshold);

  struct Choice {
    uint32_t priority = 0;
    bool degraded = false;
  };
  /// By hash % 100. `tried` has a bit for each priority to avoid while another one has hosts.
  Choice choose(uint64_t hash, uint32_t tried) const;
  bool panic(uint32_t priority) const { return levels_[priority].panic; }
  uint32_t healthy_load(uint32_t priority) const { return levels_[priority].healthy; }
  uint32_t degraded_load(uint32_t priority) const { return levels_[priority].degraded; }

 private:
  struct Level {
    uint32_t healthy = 0;  // percent of traffic
    uint32_t degraded = 0;
    uint32_t healthy_available = 0;  // percent, overprovisioned
    uint32_t degraded_available = 0;
    bool panic = false;
  };
  static void spread(std::vector<Level>& levels);
  void spread_in_total_panic(const HostSet& hosts);
  static Choice choose_from(const std::vector<Level>& levels, uint64_t hash);

  std::vector<Level> levels_;
};

}  // namespace proa::upstream
