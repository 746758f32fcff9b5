#include "mesh/translate/gateway_sni_clusters.h"

#include <algorithm>

#include "mesh/translate/clusters.h"
#include "mesh/translate/gateway_servers.h"
#include "mesh/translate/names.h"

namespace proa::mesh {

namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::config::endpoint::v3::ClusterLoadAssignment;

bool takes_mutual_tls(const envoy::config::endpoint::v3::LbEndpoint& endpoint) {
  const auto& metadata = endpoint.metadata().filter_metadata();
  const auto found = metadata.find("envoy.transport_socket_match");
  if (found == metadata.end()) return false;
  const auto mode = found->second.fields().find("tlsMode");
  return mode != found->second.fields().end() && mode->second.string_value() == "istio";
}

/// Weights of localities are the sums of those of their endpoints.
void keep_mutual_tls(ClusterLoadAssignment& out) {
  for (auto& locality : *out.mutable_endpoints()) {
    auto& all = *locality.mutable_lb_endpoints();
    const auto rest = std::remove_if(all.begin(), all.end(), [](const auto& each) { return !takes_mutual_tls(each); });
    if (rest == all.end()) continue;
    all.erase(rest, all.end());
    std::uint32_t weight = 0;
    for (const auto& each : all) weight += each.load_balancing_weight().value();
    locality.clear_load_balancing_weight();
    if (weight > 0) locality.mutable_load_balancing_weight()->set_value(weight);
  }
}

std::optional<SniCluster> sni_cluster(const AssignmentFor& what) {
  auto plain = outbound_cluster_of(what);
  if (!plain) return std::nullopt;
  SniCluster out{.cluster = std::move(*plain)};
  Cluster& cluster = out.cluster;
  const std::string name =
      outbound_sni(what.port.number, what.subset == nullptr ? "" : what.subset->name(), what.service.hostname);
  cluster.set_name(name);
  if (!cluster.alt_stat_name().empty()) cluster.set_alt_stat_name(name + ";");
  cluster.clear_transport_socket();
  cluster.clear_transport_socket_matches();
  if (cluster.has_load_assignment()) cluster.mutable_load_assignment()->set_cluster_name(name);
  if (cluster.type() == Cluster::EDS) {
    cluster.mutable_eds_cluster_config()->set_service_name(name);
    out.endpoints = assignment(what, name);
    keep_mutual_tls(*out.endpoints);
  }
  return out;
}

}  // namespace

std::vector<SniCluster> gateway_sni_clusters(const World& world, const ProxyNode& node, const Scope& scope) {
  if (node.type != ProxyNode::Type::router) return {};
  Hosts hosts;
  for (const GatewayPort& port : gateway_ports(world, node, gateway_objects(world, node))) {
    for (const GatewayServer& server : port.servers) {
      if (!server.passes_tls_by_itself()) continue;
      for (const std::string& host : server.hosts) hosts.push_back(host.substr(host.find('/') + 1));
    }
  }
  std::vector<SniCluster> out;
  const auto add = [&](const AssignmentFor& what) {
    if (auto made = sni_cluster(what)) out.push_back(std::move(*made));
  };
  for (const auto& service : scope.services) {
    if (!passed_on_by_name(*service, hosts)) continue;
    const auto rule = rule_for(world, node, *service);
    for (const ServicePort& port : service->ports) {
      if (port.protocol == Protocol::udp) continue;
      add({world, node, *service, port, rule.get()});
      for (int i = 0; rule && i < rule->spec.subsets_size(); ++i) {
        add({world, node, *service, port, rule.get(), &rule->spec.subsets(i)});
      }
    }
  }
  return out;
}

}  // namespace proa::mesh
