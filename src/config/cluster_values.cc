#include "config/cluster_values.h"

#include <algorithm>

#include "config/supported.h"
#include "config/values.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace ev3 = envoy::config::endpoint::v3;

namespace {

upstream::HealthStatus health_status(core::HealthStatus from) {
  switch (from) {
    case core::HEALTHY: return upstream::HealthStatus::kHealthy;
    case core::UNHEALTHY: return upstream::HealthStatus::kUnhealthy;
    case core::DRAINING: return upstream::HealthStatus::kDraining;
    case core::TIMEOUT: return upstream::HealthStatus::kTimeout;
    case core::DEGRADED: return upstream::HealthStatus::kDegraded;
    default: return upstream::HealthStatus::kUnknown;
  }
}

std::shared_ptr<const upstream::HealthCheckOverride> health_check(const ev3::Endpoint::HealthCheckConfig& from,
                                                                  const Site& at) {
  auto to = std::make_shared<upstream::HealthCheckOverride>();
  to->port = static_cast<uint16_t>(from.port_value());
  to->hostname = from.hostname();
  to->disabled = from.disable_active_health_check();
  if (from.has_address()) {
    if (auto where = address(from.address(), at / "address")) to->address.push_back(*where);
  }
  return to;
}

upstream::Endpoint compile_endpoint(const ev3::LbEndpoint& from, bool names, const Site& at) {
  upstream::Endpoint to;
  const ev3::Endpoint& endpoint = from.endpoint();
  const Site where = at / "endpoint.address";
  if (names && endpoint.address().has_socket_address()) {
    to.dns_name = endpoint.address().socket_address().address();
    to.port = static_cast<uint16_t>(endpoint.address().socket_address().port_value());
  } else if (auto first = address(endpoint.address(), where)) {
    to.addresses.push_back(*first);
    to.port = first->port();
  }
  const Site more = at / "endpoint.additional_addresses";
  for (int i = 0; i < endpoint.additional_addresses_size(); ++i) {
    const Site item = more[static_cast<size_t>(i)];
    if (auto extra = address(endpoint.additional_addresses(i).address(), item / "address")) {
      to.addresses.push_back(*extra);
    }
  }
  to.hostname = endpoint.hostname();
  if (from.has_load_balancing_weight()) to.weight = from.load_balancing_weight().value();
  to.status = health_status(from.health_status());
  to.metadata = metadata(from.metadata());
  if (endpoint.has_health_check_config()) {
    to.health_check = health_check(endpoint.health_check_config(), at / "endpoint.health_check_config");
  }
  return to;
}

}  // namespace

upstream::SubsetValues subset_values(const google::protobuf::Struct& from) {
  upstream::SubsetValues values;
  for (const auto& [key, value] : from.fields()) values.emplace_back(key, to_json_value(value).dump());
  std::ranges::sort(values);
  return values;
}

std::shared_ptr<const upstream::SubsetCriteria> subset_criteria(const core::Metadata& from) {
  auto found = from.filter_metadata().find("envoy.lb");
  if (found == from.filter_metadata().end() || found->second.fields().empty()) return nullptr;
  return std::make_shared<const upstream::SubsetCriteria>(subset_values(found->second));
}

upstream::Assignment compile_assignment(const ev3::ClusterLoadAssignment& from, bool names, const Site& at) {
  upstream::Assignment to;
  const Site localities = at / "endpoints";
  for (int i = 0; i < from.endpoints_size(); ++i) {
    const ev3::LocalityLbEndpoints& group = from.endpoints(i);
    const Site item = localities[static_cast<size_t>(i)];
    upstream::LocalityEndpoints locality;
    locality.locality = {group.locality().region(), group.locality().zone(), group.locality().sub_zone()};
    locality.priority = group.priority();
    locality.weight = group.load_balancing_weight().value();
    const Site endpoints = item / "lb_endpoints";
    for (int e = 0; e < group.lb_endpoints_size(); ++e) {
      locality.endpoints.push_back(compile_endpoint(group.lb_endpoints(e), names, endpoints[static_cast<size_t>(e)]));
    }
    to.localities.push_back(std::move(locality));
  }
  if (from.policy().has_overprovisioning_factor()) {
    to.overprovisioning_factor = from.policy().overprovisioning_factor().value();
  }
  to.weighted_priority_health = from.policy().weighted_priority_health();
  for (const auto& drop : from.policy().drop_overloads()) {
    const route::Share part = share(drop.drop_percentage());
    to.drops.push_back({drop.category(), part.numerator * (1'000'000 / part.denominator)});
  }
  return to;
}

void add_cluster_value_fields(SupportedTable& table) {
  table.add(supported<ev3::ClusterLoadAssignment>({"endpoints", "policy"})
                .harmless({"cluster_name"}, "the cluster's own name counts"));
  table.add(supported<ev3::ClusterLoadAssignment::Policy>(
      {"overprovisioning_factor", "weighted_priority_health", "drop_overloads"}));
  table.add(supported<ev3::ClusterLoadAssignment::Policy::DropOverload>({"category", "drop_percentage"}));
  table.add(supported<ev3::LocalityLbEndpoints>({"locality", "priority", "load_balancing_weight", "lb_endpoints"})
                .harmless({"metadata"}, "shown in the configuration dump"));
  table.add(supported<ev3::LbEndpoint>({"endpoint", "load_balancing_weight", "health_status", "metadata"}));
  table.add(supported<ev3::Endpoint>({"address", "hostname", "health_check_config", "additional_addresses"}));
  table.add(supported<ev3::Endpoint::AdditionalAddress>({"address"}));
  table.add(supported<ev3::Endpoint::HealthCheckConfig>(
      {"port_value", "hostname", "address", "disable_active_health_check"}));
}

}  // namespace proa::config
