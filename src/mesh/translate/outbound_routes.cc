#include "mesh/translate/outbound_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "mesh/translate/names.h"
#include "mesh/translate/outbound_policy.h"
#include "mesh/translate/virtual_host_domains.h"

namespace proa::mesh {

namespace {

using envoy::config::route::v3::Route;
using envoy::config::route::v3::RouteConfiguration;
using envoy::config::route::v3::VirtualHost;

// Istio's validation lets no larger one through.
constexpr std::uint32_t kLargestDirectResponse = 1 << 20;

bool carries_http(const ServicePort& port) { return is_http(port.protocol) || port.protocol == Protocol::automatic; }

bool counts_attempts(const World& world) {
  return !world.mesh().default_config().proxy_headers().attempt_count().disabled().value();
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

/// Collects the virtual hosts of a port. No domain stands in two of them: the first has it.
class VirtualHosts {
 public:
  explicit VirtualHosts(const RoutesFor& what) : what_(what) {
    for (const auto& service : what.scope.services) {
      if (service->port(what.port) != nullptr) of_port_.push_back(service.get());
      if (service->resolution == Resolution::alias) aliases_[service->alias_of].push_back(service->hostname);
    }
  }

  void add_services() {
    for (const Service* service : of_port_) add_service(*service);
  }

  void add_service(const Service& service) {
    const ServicePort& port = *service.port(what_.port);
    if (service.resolution == Resolution::alias || !carries_http(port)) return;
    const VirtualService* written = what_.scope.route_for(service.hostname);
    if (written != nullptr && applies_to(*written, service)) {
      const std::vector<Route>& routes = routes_of(*written);
      if (!routes.empty()) {
        served_.insert(written);
        return add(service.hostname, names_of(service), routes);
      }
    }
    add(service.hostname, names_of(service), {default_route(what_, service, port)});
  }

  /// Hosts of VirtualServices that are no service of this port.
  void add_other_hosts() {
    for (const auto& written : what_.scope.routes) {
      if (what_.port != 80 && !served_.contains(written.get())) continue;
      const std::vector<Route>& routes = routes_of(*written);
      if (routes.empty()) continue;
      for (const std::string& text : written->spec.hosts()) {
        const std::string host = full_host_name(text, written->meta.ns, what_.world.domain());
        if (is_service(host)) continue;
        add(host, {host.find(':') == std::string::npos ? host : "[" + host + "]"}, routes);
      }
    }
  }

  void finish(RouteConfiguration& out) {
    for (auto& [name, host] : hosts_) *out.add_virtual_hosts() = std::move(host);
  }

 private:
  /// A route of the Gateway API serves its own namespace, or from its own namespace.
  bool applies_to(const VirtualService& written, const Service& service) const {
    return !of_gateway_api(written) || written.meta.ns == service.ns || written.meta.ns == what_.node.ns;
  }

  const std::vector<Route>& routes_of(const VirtualService& written) {
    const auto [place, added] = routes_.try_emplace(&written);
    if (added) place->second = http_routes(what_, written);
    return place->second;
  }

  bool is_service(const std::string& host) const {
    if (host == "*") return !of_port_.empty();
    const bool wildcard = host.starts_with("*.");
    return std::ranges::any_of(of_port_, [&](const Service* each) {
      return each->hostname == host || (wildcard && each->hostname.ends_with(std::string_view(host).substr(1)));
    });
  }

  std::vector<std::string> names_of(const Service& service) const {
    const auto aliases = aliases_.find(service.hostname);
    return domains_of(service, aliases == aliases_.end() ? std::vector<std::string>() : aliases->second,
                      what_.node.dns_domain);
  }

  void add(const std::string& host, const std::vector<std::string>& domains, const std::vector<Route>& routes) {
    VirtualHost out;
    out.set_name(fmt::format("{}:{}", host, what_.port));
    if (hosts_.contains(out.name())) return;
    for (const std::string& domain : domains) {
      if (known_.insert(lower(domain)).second) out.add_domains(domain);
    }
    if (out.domains().empty()) return;
    for (const Route& route : routes) *out.add_routes() = route;
    out.set_include_request_attempt_count(counts_attempts(what_.world));
    std::string name = out.name();
    hosts_.emplace(std::move(name), std::move(out));
  }

  const RoutesFor& what_;
  std::vector<const Service*> of_port_;
  std::map<std::string, std::vector<std::string>, std::less<>> aliases_;
  std::map<const VirtualService*, std::vector<Route>> routes_;
  std::set<const VirtualService*> served_;
  std::set<std::string> known_;
  std::map<std::string, VirtualHost> hosts_;
};

VirtualHost catch_all(const RoutesFor& what) {
  const std::string cluster = cluster_of_unknown(what.world, what.scope);
  VirtualHost out;
  out.set_name(cluster == kBlackHole ? "block_all" : "allow_any");
  out.add_domains("*");
  Route& route = *out.add_routes();
  route.set_name(out.name());
  route.mutable_match()->set_prefix("/");
  if (cluster == kBlackHole) {
    route.mutable_direct_response()->set_status(502);
  } else {
    route.mutable_route()->set_cluster(cluster);
    route.mutable_route()->mutable_timeout();
    route.mutable_route()->mutable_max_grpc_timeout();
  }
  out.set_include_request_attempt_count(counts_attempts(what.world));
  return out;
}

RouteConfiguration named(std::string name) {
  RouteConfiguration out;
  out.set_name(std::move(name));
  out.mutable_validate_clusters()->set_value(false);
  out.mutable_max_direct_response_body_size_bytes()->set_value(kLargestDirectResponse);
  out.set_ignore_port_in_host_matching(true);
  return out;
}

}  // namespace

RouteConfiguration outbound_routes(const RoutesFor& what) {
  RouteConfiguration out = named(std::to_string(what.port));
  VirtualHosts hosts(what);
  hosts.add_services();
  hosts.add_other_hosts();
  hosts.finish(out);
  *out.add_virtual_hosts() = catch_all(what);
  return out;
}

RouteConfiguration sniffed_routes(const RoutesFor& what, const Service& service) {
  RouteConfiguration out = named(sniffed_route_name(service, what.port));
  VirtualHosts hosts(what);
  hosts.add_service(service);
  hosts.finish(out);
  for (VirtualHost& host : *out.mutable_virtual_hosts()) {
    host.clear_domains();
    host.add_domains("*");
  }
  return out;
}

std::string sniffed_route_name(const Service& service, std::uint32_t port) {
  return fmt::format("{}:{}", service.hostname, port);
}

}  // namespace proa::mesh
