#include "upstream/lb/host.h"

#include "observe/metadata.h"

namespace proa::upstream {

namespace {

constexpr uint32_t bit(HealthFlag flag) { return static_cast<uint32_t>(flag); }

constexpr uint32_t kUnhealthyFlags = bit(HealthFlag::kFailedActive) | bit(HealthFlag::kFailedOutlier) |
                                     bit(HealthFlag::kEdsUnhealthy) | bit(HealthFlag::kEdsDraining) |
                                     bit(HealthFlag::kEdsTimeout);
constexpr uint32_t kDegradedFlags = bit(HealthFlag::kEdsDegraded) | bit(HealthFlag::kDegradedActive);

bool is_canary(const observe::Metadata* metadata) {
  if (!metadata) return false;
  auto space = metadata->root.find("envoy.lb");
  if (space == metadata->root.end() || !space->is_object()) return false;
  auto canary = space->find("canary");
  return canary != space->end() && canary->is_boolean() && canary->get<bool>();
}

}  // namespace

std::string health_flags_text(uint32_t flags) {
  static constexpr std::pair<HealthFlag, std::string_view> kNames[] = {
      {HealthFlag::kFailedActive, "/failed_active_hc"},   {HealthFlag::kFailedOutlier, "/failed_outlier_check"},
      {HealthFlag::kEdsUnhealthy, "/failed_eds_health"},  {HealthFlag::kDegradedActive, "/degraded_active_hc"},
      {HealthFlag::kEdsDegraded, "/degraded_eds_health"}, {HealthFlag::kPendingRemoval, "/pending_dynamic_removal"},
      {HealthFlag::kPendingActive, "/pending_active_hc"}, {HealthFlag::kExcluded, "/excluded_via_immediate_hc_fail"},
      {HealthFlag::kEdsTimeout, "/active_hc_timeout"},    {HealthFlag::kEdsDraining, "/eds_status_draining"},
  };
  std::string text;
  for (auto [flag, name] : kNames) {
    if (flags & bit(flag)) text += name;
  }
  return text.empty() ? "healthy" : text;
}

Host::Host(Endpoint endpoint, std::shared_ptr<const Locality> locality, uint32_t priority)
    : addresses_(std::move(endpoint.addresses)),
      hostname_(std::move(endpoint.hostname)),
      locality_(std::move(locality)),
      metadata_(std::move(endpoint.metadata)),
      health_check_(std::move(endpoint.health_check)),
      weight_(endpoint.weight ? endpoint.weight : 1),
      priority_(priority),
      canary_(is_canary(metadata_.get())) {
  address_text_ = address().to_string();
  set_eds_status(endpoint.status);
}

bool Host::set(HealthFlag flag, bool on) {
  uint32_t before = on ? flags_.fetch_or(bit(flag), std::memory_order_relaxed)
                       : flags_.fetch_and(~bit(flag), std::memory_order_relaxed);
  return ((before & bit(flag)) != 0) != on;
}

bool Host::set_eds_status(HealthStatus status) {
  uint32_t wanted = 0;
  switch (status) {
    case HealthStatus::kUnhealthy: wanted = bit(HealthFlag::kEdsUnhealthy); break;
    case HealthStatus::kDraining: wanted = bit(HealthFlag::kEdsDraining); break;
    case HealthStatus::kTimeout: wanted = bit(HealthFlag::kEdsTimeout); break;
    case HealthStatus::kDegraded: wanted = bit(HealthFlag::kEdsDegraded); break;
    case HealthStatus::kUnknown:
    case HealthStatus::kHealthy: break;
  }
  uint32_t before = flags_.load(std::memory_order_relaxed);
  while (!flags_.compare_exchange_weak(before, (before & ~kEdsFlags) | wanted, std::memory_order_relaxed)) {
  }
  return (before & kEdsFlags) != wanted;
}

Health Host::health() const {
  uint32_t now = flags();
  if (now & kUnhealthyFlags) return Health::kUnhealthy;
  return now & kDegradedFlags ? Health::kDegraded : Health::kHealthy;
}

HealthStatus Host::eds_status() const {
  uint32_t now = flags();
  if (now & (bit(HealthFlag::kEdsUnhealthy) | bit(HealthFlag::kFailedActive) | bit(HealthFlag::kFailedOutlier))) {
    return HealthStatus::kUnhealthy;
  }
  if (now & bit(HealthFlag::kEdsDraining)) return HealthStatus::kDraining;
  if (now & bit(HealthFlag::kEdsTimeout)) return HealthStatus::kTimeout;
  if (now & kDegradedFlags) return HealthStatus::kDegraded;
  return HealthStatus::kHealthy;
}

}  // namespace proa::upstream
