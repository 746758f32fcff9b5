#include "mesh/translate/gateway_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "mesh/translate/gateway_servers.h"
#include "mesh/translate/http_routes.h"
#include "mesh/translate/route_match.h"

namespace proa::mesh {

namespace {

using envoy::config::route::v3::Route;
using envoy::config::route::v3::RouteConfiguration;

// Istio's validation lets no larger one through.
constexpr std::uint32_t kLargestDirectResponse = 1 << 20;

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

/// One configuration.
class Configuration {
 public:
  Configuration(const World& world, const ProxyNode& node, const Scope& scope, const GatewayObjects& objects)
      : world_(world), node_(node), scope_(scope), objects_(objects) {}

  void add(const GatewayServer& server) {
    port_ = server.server->port().number();
    const auto bound = objects_.routes.find(server.gateway_name);
    if (bound != objects_.routes.end()) {
      for (const auto& route : bound->second) add(server, *route);
    }
    if (!server.server->tls().https_redirect()) return;
    for (const std::string& host : server.hosts) hosts_[lower(host.substr(host.find('/') + 1))].redirected = true;
  }

  RouteConfiguration made(std::string name) {
    RouteConfiguration out;
    out.set_name(std::move(name));
    out.mutable_validate_clusters()->set_value(false);
    out.mutable_max_direct_response_body_size_bytes()->set_value(kLargestDirectResponse);
    out.set_ignore_port_in_host_matching(true);
    for (auto& [name_of_host, host] : joined()) *out.add_virtual_hosts() = std::move(host);
    if (out.virtual_hosts().empty()) {  // answers 404
      auto& none = *out.add_virtual_hosts();
      none.set_name(fmt::format("blackhole:{}", port_));
      none.add_domains("*");
    }
    return out;
  }

 private:
  using VirtualHost = envoy::config::route::v3::VirtualHost;

  struct Host {
    std::vector<const Route*> routes{};  // of `routes_`
    bool redirected = false;
  };
  struct MoreSpecific {
    bool operator()(const std::string& a, const std::string& b) const { return more_specific(a, b); }
  };

  void add(const GatewayServer& server, const VirtualService& from) {
    Hosts named;
    for (const auto& host : from.spec.hosts()) named.push_back(full_host_name(host, from.meta.ns, world_.domain()));
    const Hosts hosts = common_hosts(hosts_for(server.hosts, from.meta.ns), named);
    if (hosts.empty()) return;
    const std::vector<Route>& routes = routes_of(server, from);
    if (routes.empty()) return;
    for (const std::string& name : hosts) {
      Host& host = hosts_[lower(name)];
      for (const Route& route : routes) host.routes.push_back(&route);
      host.redirected = host.redirected || server.server->tls().https_redirect();
    }
  }

  const std::vector<Route>& routes_of(const GatewayServer& server, const VirtualService& from) {
    const auto [place, added] = routes_.try_emplace({server.gateway_name, &from});
    if (added) {
      place->second = http_routes({.world = world_,
                                   .node = node_,
                                   .scope = scope_,
                                   .port = server.server->port().number(),
                                   .gateway = server.gateway_name,
                                   .tls = server.server->has_tls()},
                                  from);
    }
    return place->second;
  }

  /// Hosts with the very same routes are one, which has the name of the most specific: a route is sent once, not once for
  /// each name.
  std::map<std::string, VirtualHost> joined() const {
    std::map<std::string, VirtualHost> out;
    std::map<std::pair<std::vector<const Route*>, bool>, VirtualHost*> known;
    for (const auto& [name, host] : hosts_) {
      VirtualHost*& same = known[{host.routes, host.redirected}];
      if (same == nullptr) {
        same = &out[fmt::format("{}:{}", name, port_)];
        same->set_name(fmt::format("{}:{}", name, port_));
        fill(host, *same);
      }
      same->add_domains(name);
    }
    return out;
  }

  void fill(const Host& host, VirtualHost& out) const {
    // Of several VirtualServices one may take everything; the others come first.
    for (const bool everything : {false, true}) {
      for (const Route* route : host.routes) {
        if (takes_everything(route->match()) == everything) *out.add_routes() = *route;
      }
    }
    if (host.redirected) out.set_require_tls(VirtualHost::ALL);
    const auto& attempts = world_.mesh().default_config().proxy_headers().attempt_count();
    out.set_include_request_attempt_count(!attempts.disabled().value());
  }

  const World& world_;
  const ProxyNode& node_;
  const Scope& scope_;
  const GatewayObjects& objects_;
  std::uint32_t port_ = 0;
  std::map<std::pair<std::string, const VirtualService*>, std::vector<Route>> routes_;
  std::map<std::string, Host, MoreSpecific> hosts_;
};

}  // namespace

std::vector<RouteConfiguration> gateway_routes(const World& world, const ProxyNode& node, const Scope& scope) {
  if (node.type != ProxyNode::Type::router) return {};
  const GatewayObjects objects = gateway_objects(world, node);
  std::map<std::string, Configuration> made;
  for (const GatewayPort& port : gateway_ports(world, node, objects)) {
    for (const GatewayServer& server : port.servers) {
      if (server.route_name.empty()) continue;
      made.try_emplace(server.route_name, world, node, scope, objects).first->second.add(server);
    }
  }
  std::vector<RouteConfiguration> out;
  for (auto& [name, configuration] : made) out.push_back(configuration.made(name));
  return out;
}

}  // namespace proa::mesh
