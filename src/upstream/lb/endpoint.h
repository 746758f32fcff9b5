// What configuration or discovery says about endpoints, before they become hosts.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/address.h"

namespace proa::observe {
struct Metadata;
}

namespace proa::upstream {

struct Locality {
  std::string region;
  std::string zone;
  std::string sub_zone;
  bool empty() const { return region.empty() && zone.empty() && sub_zone.empty(); }
  friend auto operator<=>(const Locality&, const Locality&) = default;
};

/// core.v3.HealthStatus as discovery gives it.
enum class HealthStatus : uint8_t { kUnknown, kHealthy, kUnhealthy, kDraining, kTimeout, kDegraded };

/// What an endpoint changes about the cluster's health checks; most endpoints have none.
struct HealthCheckOverride {
  uint16_t port = 0;  ///< 0: the endpoint's own
  std::string hostname;
  std::vector<net::Address> address;  ///< none or one
  bool disabled = false;
};

struct Endpoint {
  /// The first is used first; others of the same endpoint (dual stack) when it fails. Empty before DNS.
  std::vector<net::Address> addresses;
  /// DNS clusters: what to resolve (with `port`). An IP address is allowed.
  std::string dns_name;
  uint16_t port = 0;
  /// For host rewrites, hashing and logs; empty when none was given.
  std::string hostname;
  uint32_t weight = 1;
  HealthStatus status = HealthStatus::kUnknown;
  std::shared_ptr<const observe::Metadata> metadata;        ///< may be null
  std::shared_ptr<const HealthCheckOverride> health_check;  ///< may be null
};

struct LocalityEndpoints {
  Locality locality;
  uint32_t priority = 0;
  uint32_t weight = 0;  ///< load_balancing_weight; 0: none given, no traffic under locality weighting
  std::vector<Endpoint> endpoints;
};

/// One in a hundred, ten thousand or million requests is refused on purpose.
struct DropOverload {
  std::string category;
  uint32_t per_million = 0;
};

/// Envoy's ClusterLoadAssignment.
struct Assignment {
  std::vector<LocalityEndpoints> localities;
  uint32_t overprovisioning_factor = 140;  ///< percent
  bool weighted_priority_health = false;
  std::vector<DropOverload> drops;
};

}  // namespace proa::upstream
