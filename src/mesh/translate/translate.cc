#include "mesh/translate/translate.h"

#include <algorithm>
#include <set>
#include <type_traits>

#include "config/stable_bytes.h"
#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "mesh/push/resource_type.h"
#include "mesh/translate/clusters.h"
#include "mesh/translate/egress.h"
#include "mesh/translate/gateway_listeners.h"
#include "mesh/translate/gateway_routes.h"
#include "mesh/translate/gateway_sni_clusters.h"
#include "mesh/translate/inbound.h"
#include "mesh/translate/inbound_clusters.h"
#include "mesh/translate/names.h"
#include "mesh/translate/outbound_listeners.h"
#include "mesh/translate/outbound_routes.h"

namespace proa::mesh {

namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::config::route::v3::RouteConfiguration;

template <class... T>
struct Kinds {
  /// Whether both have the same objects of all kinds but those that are workloads.
  static bool same_but_workloads(const World& a, const World& b) {
    return (
        (std::is_same_v<T, WorkloadEntry> || std::is_same_v<T, K8sEndpointSlice> || a.table<T>().same(b.table<T>())) &&
        ...);
  }
};

class Translation {
 public:
  Translation(const World& world, const ProxyNode& node, const Earlier* earlier)
      : world_(world), node_(node), scope_(scope_of(world, node)) {
    if (earlier == nullptr || !OfKinds<Kinds>::same_but_workloads(earlier->world, world)) return;
    earlier_ = earlier;
    // A listener at each address of a service's pods is the one thing else that depends on workloads.
    same_routes_ = std::ranges::none_of(scope_.services, [](const auto& service) { return service->headless; });
  }

  ResourceSet made() {
    for (const auto& service : scope_.services) add_service(*service);
    add(kClusterType, black_hole_cluster(world_));
    node_.type == ProxyNode::Type::sidecar ? add_sidecar() : add_gateway();
    return std::move(out_);
  }

 private:
  template <class Message>
  void add(std::string_view type, const Message& message, const Origin& origin = {}) {
    put(type, message.name(), message, origin);
  }

  void put(std::string_view type, const std::string& name, const google::protobuf::Message& message,
           const Origin& origin) {
    out_.types[std::string(type)][name] = make_resource(name, config::stable_bytes(message), origin);
  }

  void add_sidecar() {
    add(kClusterType, passthrough_cluster(world_));
    add(kClusterType, inbound_passthrough_cluster(world_));
    for (const Cluster& cluster : inbound_clusters(world_, node_)) add(kClusterType, cluster);
    const Reporting reporting = reporting_for(world_, node_, Direction::outbound);
    for (const Listener& listener : outbound_listeners(world_, node_, scope_, reporting)) {
      add(kListenerType, listener);
    }
    for (const Listener& listener : inbound_listeners(world_, node_)) add(kListenerType, listener);
    if (same_routes_) {
      reuse_all(kRoutesType);
    } else {
      add_routes();
    }
  }

  void add_gateway() {
    for (const SniCluster& each : gateway_sni_clusters(world_, node_, scope_)) {
      add(kClusterType, each.cluster);
      if (each.endpoints) put(kEndpointsType, each.cluster.name(), *each.endpoints, {});
    }
    for (const Listener& listener : gateway_listeners(world_, node_, scope_)) add(kListenerType, listener);
    for (const RouteConfiguration& routes : gateway_routes(world_, node_, scope_)) add(kRoutesType, routes);
  }

  /// A cluster for each port, and for each subset of the service's rule.
  void add_service(const Service& service) {
    const auto rule = rule_for(world_, node_, service);
    for (const ServicePort& port : service.ports) {
      add_cluster({world_, node_, service, port, rule.get()});
      for (int i = 0; rule && i < rule->spec.subsets_size(); ++i) {
        add_cluster({world_, node_, service, port, rule.get(), &rule->spec.subsets(i)});
      }
    }
  }

  bool same_workloads(std::string_view ns) const {
    const auto same = [&]<class T>(const Table<T>& now, const Table<T>& before) { return now.same_in(before, ns); };
    return earlier_ != nullptr && same(world_.table<WorkloadEntry>(), earlier_->world.table<WorkloadEntry>()) &&
           same(world_.table<K8sEndpointSlice>(), earlier_->world.table<K8sEndpointSlice>());
  }

  void reuse_all(std::string_view type) {
    const auto found = earlier_->set.types.find(std::string(type));
    if (found != earlier_->set.types.end()) out_.types.insert(*found);
  }

  void reuse(std::string_view type, const std::string& name) {
    const auto of_type = earlier_->set.types.find(std::string(type));
    if (of_type == earlier_->set.types.end()) return;
    const auto found = of_type->second.find(name);
    if (found != of_type->second.end()) out_.types[of_type->first].insert(*found);
  }

  void add_cluster(const AssignmentFor& what) {
    if (same_workloads(what.service.ns)) {
      const std::string subset = what.subset == nullptr ? std::string() : what.subset->name();
      const std::string name = outbound_cluster(what.port.number, subset, what.service.hostname);
      reuse(kClusterType, name);
      return reuse(kEndpointsType, name);
    }
    const auto cluster = outbound_cluster_of(what);
    if (!cluster) return;
    add(kClusterType, *cluster, what.rule == nullptr ? what.service.origin : what.rule->meta.origin);
    if (cluster->type() != Cluster::EDS) return;
    put(kEndpointsType, cluster->name(), assignment(what, cluster->name()), what.service.origin);
  }

  void add_routes() {
    for (const Egress& egress : egress_of(world_, node_, scope_)) {
      std::set<std::uint32_t> ports;
      if (egress.port && is_http(egress.port->protocol)) ports.insert(egress.port->number);
      for (const auto& service : egress.scope.services) {
        for (const ServicePort& port : service->ports) {
          if (!egress.serves(port.number)) continue;
          if (is_http(port.protocol)) ports.insert(port.number);
          if (port.protocol == Protocol::automatic) add_sniffed(egress, *service, port, ports);
        }
      }
      for (const std::uint32_t port : ports) add(kRoutesType, outbound_routes(routes_for(egress, port)));
    }
  }

  /// Routes of its own where its listener is at an address of its own; else those of the port.
  void add_sniffed(const Egress& egress, const Service& service, const ServicePort& port,
                   std::set<std::uint32_t>& ports) {
    bool own = false;
    for (const std::string& address : addresses_of(world_, egress, service)) {
      const bool shared = address == kAnywhere || address.find('/') != std::string::npos;
      if (shared) ports.insert(port.number);
      own = own || !shared;
    }
    if (own) add(kRoutesType, sniffed_routes(routes_for(egress, port.number), service), service.origin);
  }

  RoutesFor routes_for(const Egress& egress, std::uint32_t port) const {
    return {.world = world_, .node = node_, .scope = egress.scope, .port = port};
  }

  const World& world_;
  const ProxyNode& node_;
  const Scope scope_;
  const Earlier* earlier_ = nullptr;  ///< where no more than workloads differs from it
  bool same_routes_ = false;
  ResourceSet out_;
};

}  // namespace

ResourceSet translate(const World& world, const ProxyNode& node, const Earlier* earlier) {
  return Translation(world, node, earlier).made();
}

}  // namespace proa::mesh
