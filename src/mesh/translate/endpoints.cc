#include "mesh/translate/endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "envoy/config/endpoint/v3/endpoint.pb.h"

namespace proa::mesh {

namespace {

using envoy::config::endpoint::v3::ClusterLoadAssignment;
using envoy::config::endpoint::v3::LbEndpoint;
using envoy::config::endpoint::v3::LocalityLbEndpoints;
using istio::networking::v1alpha3::LocalityLoadBalancerSetting;
using istio::networking::v1alpha3::TrafficPolicy;

std::string label_or(const Labels& labels, std::initializer_list<std::string_view> names, std::string fallback) {
  for (const std::string_view name : names) {
    if (const auto found = labels.find(name); found != labels.end()) return found->second;
  }
  return fallback;
}

/// "name;namespace;service;revision;cluster": the labels of telemetry. What is written into a ServiceEntry is no
/// workload of its own.
std::string workload_text(const Workload& workload, const ProxyNode& node, bool inline_endpoint) {
  const std::string service =
      label_or(workload.labels, {"service.istio.io/canonical-name", "app.kubernetes.io/name", "app"},
               inline_endpoint ? "" : workload.name);
  const std::string revision =
      label_or(workload.labels, {"service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"},
               inline_endpoint ? "" : "latest");
  return fmt::format("{};{};{};{};{}", inline_endpoint ? "" : workload.name, inline_endpoint ? "" : workload.ns,
                     service, revision, node.cluster_id);
}

LbEndpoint lb_endpoint(const ServiceEndpoint& endpoint, const ProxyNode& node, bool inline_endpoint) {
  const Workload& workload = *endpoint.workload;
  LbEndpoint out;
  auto& address = *out.mutable_endpoint()->mutable_address();
  if (workload.address.starts_with("unix://")) {
    address.mutable_pipe()->set_path(workload.address.substr(7));
  } else {
    address.mutable_socket_address()->set_address(workload.address);
    address.mutable_socket_address()->set_port_value(endpoint.port);
  }
  auto& metadata = *out.mutable_metadata()->mutable_filter_metadata();
  if (workload.mutual_tls) {
    (*metadata["envoy.transport_socket_match"].mutable_fields())["tlsMode"].set_string_value("istio");
  }
  (*metadata["istio"].mutable_fields())["workload"].set_string_value(workload_text(workload, node, inline_endpoint));
  out.mutable_load_balancing_weight()->set_value(workload.weight == 0 ? 1 : workload.weight);
  if (!workload.ready) out.set_health_status(envoy::config::core::v3::UNHEALTHY);
  if (workload.terminating) out.set_health_status(envoy::config::core::v3::DRAINING);
  return out;
}

void set_locality(std::string_view text, envoy::config::core::v3::Locality& out) {
  const auto take = [&] {
    const std::string part(text.substr(0, text.find('/')));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    return part;
  };
  out.set_region(take());
  out.set_zone(take());
  out.set_sub_zone(std::string(text));
}

/// How far a locality is: 0 the same, 1 the same zone, 2 the same region, 3 the region to fail over to, 4 all else.
int distance(const envoy::config::core::v3::Locality& there, const ProxyNode& node,
             const LocalityLoadBalancerSetting& setting) {
  if (there.region() != node.region) {
    for (const auto& failover : setting.failover()) {
      if (failover.from() == node.region && failover.to() == there.region()) return 3;
    }
    return setting.failover().empty() ? 3 : 4;
  }
  if (there.zone() != node.zone) return 2;
  return there.sub_zone() == node.subzone ? 0 : 1;
}

/// Distances become priorities without gaps, as Envoy wants them.
void set_priorities(const AssignmentFor& what, const LocalityLoadBalancerSetting& setting, ClusterLoadAssignment& out) {
  std::set<int> distances;
  for (const auto& locality : out.endpoints()) distances.insert(distance(locality.locality(), what.node, setting));
  for (LocalityLbEndpoints& locality : *out.mutable_endpoints()) {
    const auto found = distances.find(distance(locality.locality(), what.node, setting));
    locality.set_priority(static_cast<std::uint32_t>(std::distance(distances.begin(), found)));
  }
}

/// The parts that are set in `over` replace those of `base`.
template <class Policy>
void override_parts(const Policy& over, TrafficPolicy& base) {
  if (over.has_load_balancer()) *base.mutable_load_balancer() = over.load_balancer();
  if (over.has_connection_pool()) *base.mutable_connection_pool() = over.connection_pool();
  if (over.has_outlier_detection()) *base.mutable_outlier_detection() = over.outlier_detection();
  if (over.has_tls()) *base.mutable_tls() = over.tls();
}

/// Settings of a port stand instead of those of the destination: nothing is inherited.
void select_port(std::uint32_t port, TrafficPolicy& policy) {
  for (const auto& each : policy.port_level_settings()) {
    if (each.port().number() != port) continue;
    TrafficPolicy of_port;
    override_parts(each, of_port);
    policy = std::move(of_port);
    return;
  }
}

}  // namespace

const TrafficPolicy* policy_of(const AssignmentFor& what, TrafficPolicy& scratch) {
  if (what.rule == nullptr) return nullptr;
  scratch = what.rule->spec.traffic_policy();
  select_port(what.port.number, scratch);
  if (what.subset != nullptr && what.subset->has_traffic_policy()) {
    TrafficPolicy of_subset = what.subset->traffic_policy();
    select_port(what.port.number, of_subset);
    override_parts(of_subset, scratch);
    if (of_subset.has_tunnel()) *scratch.mutable_tunnel() = of_subset.tunnel();
    if (of_subset.has_proxy_protocol()) *scratch.mutable_proxy_protocol() = of_subset.proxy_protocol();
    if (of_subset.has_retry_budget()) *scratch.mutable_retry_budget() = of_subset.retry_budget();
  }
  scratch.clear_port_level_settings();
  return &scratch;
}

ClusterLoadAssignment assignment(const AssignmentFor& what, const std::string& cluster) {
  ClusterLoadAssignment out;
  out.set_cluster_name(cluster);
  std::map<std::string, LocalityLbEndpoints> localities;
  const bool inline_endpoints = !what.service.endpoints.empty() || what.service.selector.empty();
  for (const ServiceEndpoint& endpoint : what.world.services().endpoints(what.service, what.port)) {
    const Workload& workload = *endpoint.workload;
    if (!workload.ready && !what.service.publish_not_ready) continue;
    if (what.subset != nullptr) {
      const auto& wanted = what.subset->labels();
      const bool selected = std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
        const auto found = workload.labels.find(label.first);
        return found != workload.labels.end() && found->second == label.second;
      });
      if (!selected) continue;
    }
    LocalityLbEndpoints& locality = localities[workload.locality];
    *locality.add_lb_endpoints() =
        lb_endpoint(endpoint, what.node, inline_endpoints && what.service.kind == Kind::service_entry);
  }
  for (auto& [name, locality] : localities) {
    set_locality(name, *locality.mutable_locality());
    std::uint32_t weight = 0;
    for (const auto& endpoint : locality.lb_endpoints()) weight += endpoint.load_balancing_weight().value();
    locality.mutable_load_balancing_weight()->set_value(weight);
    *out.add_endpoints() = std::move(locality);
  }
  TrafficPolicy scratch;
  const TrafficPolicy* policy = policy_of(what, scratch);
  const LocalityLoadBalancerSetting& setting = policy != nullptr && policy->load_balancer().has_locality_lb_setting()
                                                   ? policy->load_balancer().locality_lb_setting()
                                                   : what.world.mesh().locality_lb_setting();
  const bool enabled = !setting.has_enabled() || setting.enabled().value();
  if (enabled && policy != nullptr && policy->has_outlier_detection()) set_priorities(what, setting, out);
  return out;
}

}  // namespace proa::mesh
