// Round robin, least request and random over priorities, localities and zones.
#pragma once

#include <memory>
#include <vector>

#include "upstream/lb/balancer.h"
#include "upstream/lb/host_picker.h"
#include "upstream/lb/priority_load.h"
#include "upstream/lb/stride_schedule.h"

namespace proa::upstream {

/// A choice goes: priority (by load) -> panic? all hosts : locality (weighted, or by zone)? -> picker.
class ZoneBalancer final : public Balancer {
 public:
  ZoneBalancer(std::shared_ptr<const LbSpec> spec, std::shared_ptr<const HostSet> hosts, const LbInputs& inputs);
  Host* choose(LbContext& context, Random& random) const override;

 private:
  using PickerPtr = std::unique_ptr<const HostPicker>;
  /// Weighted choice of a locality: weight x availability.
  struct LocalityChoice {
    std::vector<uint32_t> index;               // of localities that take part
    std::unique_ptr<StrideSchedule> schedule;  // null: none takes part
    mutable std::atomic<uint64_t> turn{0};
  };
  /// Zone-aware routing of priority 0.
  struct ZoneRouting {
    enum class State : uint8_t { kOff, kDirect, kResidual } state = State::kOff;
    uint32_t local_per_10000 = 0;
    std::vector<uint64_t> residual;  // cumulative spare capacity of each locality
    bool local_in_panic = false;
  };
  struct Level {
    PickerPtr all;
    PickerPtr healthy;
    PickerPtr degraded;
    std::vector<PickerPtr> locality_healthy;
    std::vector<PickerPtr> locality_degraded;
    LocalityChoice by_healthy;
    LocalityChoice by_degraded;
  };

  void build_level(Level& level, const PriorityHosts& hosts, uint64_t seed);
  void build_localities(LocalityChoice& choice, const PriorityHosts& hosts, bool degraded) const;
  void build_zone_routing(const HostSet* local);
  Host* choose_once(LbContext& context, Random& random) const;
  const HostPicker* locality_picker(const Level& level, bool degraded, size_t index) const;
  size_t choose_zone(LbContext& context, Random& random) const;

  std::shared_ptr<const LbSpec> spec_;
  std::shared_ptr<const HostSet> hosts_;
  PriorityLoad load_;
  std::vector<Level> levels_;
  ZoneRouting zone_;
};

}  // namespace proa::upstream
