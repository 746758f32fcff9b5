// route_policies: what a route does to its requests beside choosing a cluster: retries, headers, faults, CORS, mirrors'
// shares.
#pragma once

#include <optional>
#include <string>

#include "envoy/config/route/v3/route_components.pb.h"
#include "istio/networking/v1alpha3/destination_rule.pb.h"
#include "istio/networking/v1alpha3/virtual_service.pb.h"

namespace proa::mesh {

/// Null `retry`: Istio's default, two attempts for what is safe to repeat. Nothing: no retries. `hashed`: requests stay
/// with their host, so that a retry may go to the same one.
std::optional<envoy::config::route::v3::RetryPolicy> retry_policy(const istio::networking::v1alpha3::HTTPRetry* retry,
                                                                  bool hashed);

/// What requests are hashed by; nothing where the balancer does not hash.
std::optional<envoy::config::route::v3::RouteAction::HashPolicy> hash_policy(
    const istio::networking::v1alpha3::LoadBalancerSettings::ConsistentHashLB& hash);

/// Adds the operations to a Route or a weighted cluster; returns the authority that they set, or nothing.
template <class To>
std::string add_header_operations(const istio::networking::v1alpha3::Headers& headers, To& out);

/// "Percent" with four digits behind the point; null: all.
envoy::type::v3::FractionalPercent fraction(const istio::networking::v1alpha3::Percent* percent);

google::protobuf::Any fault_config(const istio::networking::v1alpha3::HTTPFaultInjection& fault);
google::protobuf::Any cors_config(const istio::networking::v1alpha3::CorsPolicy& cors);

}  // namespace proa::mesh
