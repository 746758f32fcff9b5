#include "mesh/translate/gateway_tcp.h"

#include <fmt/format.h>

#include <algorithm>

#include "mesh/translate/endpoints.h"
#include "mesh/translate/names.h"
#include "mesh/translate/tcp_filters.h"

namespace proa::mesh {

namespace {

using Filters = GatewayChainsFor::Filters;
using istio::networking::v1alpha3::Destination;
using istio::networking::v1alpha3::TrafficPolicy;

class Chains {
 public:
  Chains(const GatewayChainsFor& what, const GatewayServer& server, Hosts& known)
      : what_(what), server_(server), known_(known) {}

  std::vector<GatewayTcpChain> made() {
    if (!server_.passes_tls()) {
      add_bytes();
    } else if (server_.passes_tls_by_itself()) {
      for (const auto& service : what_.scope.services) add_service(*service);
    } else {
      for_each_route([&](const VirtualService& route) {
        add_by_name(route);
        return false;
      });
    }
    return std::move(out_);
  }

 private:
  /// Calls visit(route) for those that have a host of the server, until it says that this was enough.
  template <class Visit>
  void for_each_route(Visit visit) const {
    const auto bound = what_.objects.routes.find(server_.gateway_name);
    if (bound == what_.objects.routes.end()) return;
    for (const auto& route : bound->second) {
      const Hosts hosts = hosts_for(server_.hosts, route->meta.ns);
      const bool shared = std::ranges::any_of(route->spec.hosts(), [&](const std::string& host) {
        return std::ranges::any_of(hosts, [&](const std::string& pattern) { return covered_by(host, pattern); });
      });
      if (shared && visit(*route)) return;
    }
  }

  template <class Match>
  bool applies(const Match& match, const VirtualService& route) const {
    if (match.port() != 0 && match.port() != server_.server->port().number()) return false;
    return match.gateways().empty() || std::ranges::any_of(match.gateways(), [&](const std::string& gateway) {
             return full_gateway_name(gateway, route.meta.ns) == server_.gateway_name;
           });
  }

  /// Not told apart by name: the first route that is for this server has all.
  void add_bytes() {
    for_each_route([&](const VirtualService& route) {
      for (const auto& tcp : route.spec.tcp()) {
        const bool here = tcp.match().empty() ||
                          std::ranges::any_of(tcp.match(), [&](const auto& match) { return applies(match, route); });
        if (!here || tcp.route().empty()) continue;
        out_.push_back({.server_names = server_.server_names(), .filters = routed(route, tcp.route())});
        return true;
      }
      return false;
    });
  }

  void add_by_name(const VirtualService& route) {
    for (const auto& tls : route.spec.tls()) {
      if (tls.route().empty()) continue;
      for (const auto& match : tls.match()) {
        if (!applies(match, route)) continue;
        Hosts names(match.sni_hosts().begin(), match.sni_hosts().end());
        if (std::ranges::any_of(names,
                                [&](const auto& name) { return std::ranges::find(known_, name) != known_.end(); })) {
          continue;  // the older route has it
        }
        known_.insert(known_.end(), names.begin(), names.end());
        if (std::ranges::find(names, "*") != names.end()) names.clear();
        std::ranges::sort(names);
        out_.push_back({.server_names = std::move(names), .filters = routed(route, tls.route())});
      }
    }
  }

  /// Every port and subset of a service of the mesh, by the name and protocols of Istio's mTLS. Who may connect is judged
  /// where that TLS ends, so no policy stands here.
  void add_service(const Service& service) {
    if (!passed_on_by_name(service, server_.hosts)) return;
    const auto rule = rule_for(what_.world, what_.node, service);
    for (const ServicePort& port : service.ports) {
      if (port.protocol == Protocol::udp) continue;
      add_mutual(service, port, rule.get(), nullptr);
      for (int i = 0; rule && i < rule->spec.subsets_size(); ++i) {
        add_mutual(service, port, rule.get(), &rule->spec.subsets(i));
      }
    }
  }

  void add_mutual(const Service& service, const ServicePort& port, const DestinationRule* rule,
                  const istio::networking::v1alpha3::Subset* subset) {
    const std::string name = outbound_sni(port.number, subset == nullptr ? "" : subset->name(), service.hostname);
    TcpProxy proxy;
    proxy.set_stat_prefix(name);
    proxy.set_cluster(name);
    TrafficPolicy scratch;
    if (rule != nullptr) {
      set_connection_policy(*policy_of({what_.world, what_.node, service, port, rule, subset}, scratch), proxy);
    }
    out_.push_back({.server_names = {name},
                    .protocols = {"istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"},
                    .filters = filters(port.protocol, proxy)});
  }

  template <class Destinations>
  Filters routed(const VirtualService& route, const Destinations& destinations) const {
    TcpProxy proxy;
    if (destinations.size() == 1) {
      proxy.set_cluster(cluster_of(destinations[0].destination(), route.meta.ns));
      proxy.set_stat_prefix(proxy.cluster());
    } else {
      proxy.set_stat_prefix(fmt::format("{}.{}", route.meta.name, route.meta.ns));
      for (const auto& each : destinations) {
        if (each.weight() <= 0) continue;
        auto& cluster = *proxy.mutable_weighted_clusters()->add_clusters();
        cluster.set_name(cluster_of(each.destination(), route.meta.ns));
        cluster.set_weight(static_cast<std::uint32_t>(each.weight()));
      }
      if (proxy.cluster_specifier_case() == TcpProxy::CLUSTER_SPECIFIER_NOT_SET) {
        proxy.set_cluster(std::string(kBlackHole));
      }
    }
    apply_policy(destinations[0].destination(), route.meta.ns, proxy);
    Filters out = what_.policies;
    for (auto& filter : filters(server_.protocol, proxy)) out.push_back(std::move(filter));
    return out;
  }

  std::string host_of(const Destination& destination, const std::string& ns) const {
    return full_host_name(destination.host(), ns, what_.world.domain());
  }

  std::uint32_t port_of(const Destination& destination, const Service* service) const {
    if (destination.has_port()) return destination.port().number();
    const bool only = service != nullptr && service->ports.size() == 1;
    return only ? service->ports.front().number : server_.server->port().number();
  }

  std::string cluster_of(const Destination& destination, const std::string& ns) const {
    if (destination.host().empty()) return std::string(kBlackHole);  // of a Gateway API route, not there
    const std::string host = host_of(destination, ns);
    return outbound_cluster(port_of(destination, what_.scope.service(host)), destination.subset(), host);
  }

  void apply_policy(const Destination& destination, const std::string& ns, TcpProxy& proxy) const {
    const Service* service = what_.scope.service(host_of(destination, ns));
    const ServicePort* port = service == nullptr ? nullptr : service->port(port_of(destination, service));
    const auto rule = port == nullptr ? nullptr : rule_for(what_.world, what_.node, *service);
    if (!rule) return;
    const istio::networking::v1alpha3::Subset* subset = nullptr;
    for (const auto& each : rule->spec.subsets()) {
      if (each.name() == destination.subset()) subset = &each;
    }
    TrafficPolicy scratch;
    set_connection_policy(*policy_of({what_.world, what_.node, *service, *port, rule.get(), subset}, scratch), proxy);
  }

  Filters filters(Protocol protocol, TcpProxy& proxy) const {
    add_logs(what_.reporting, proxy);
    return tcp_filters(proxy, protocol, what_.reporting);
  }

  const GatewayChainsFor& what_;
  const GatewayServer& server_;
  Hosts& known_;
  std::vector<GatewayTcpChain> out_;
};

}  // namespace

std::vector<GatewayTcpChain> gateway_tcp_chains(const GatewayChainsFor& what, const GatewayServer& server,
                                                Hosts& known) {
  return Chains(what, server, known).made();
}

}  // namespace proa::mesh
