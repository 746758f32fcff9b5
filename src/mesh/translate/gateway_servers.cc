#include "mesh/translate/gateway_servers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "mesh/model/select.h"
#include "mesh/translate/delegates.h"
#include "mesh/translate/gateway_api_objects.h"

namespace proa::mesh {

namespace {

using istio::networking::v1alpha3::ServerTLSSettings;

/// A Service before the gateway says on which port the gateway itself listens.
std::uint32_t listening_port(const World& world, const ProxyNode& node, std::uint32_t number) {
  for (const auto& service : world.services().in(node.ns)) {
    const ServicePort* port = service->port(number);
    if (port == nullptr) continue;
    for (const ServiceEndpoint& endpoint : world.services().endpoints(*service, *port)) {
      if (std::ranges::find(node.addresses, endpoint.workload->address) != node.addresses.end()) return endpoint.port;
    }
  }
  return number;
}

bool ends_tls(const GatewayServer& server) {
  return server.server->has_tls() && !is_http(server.protocol) && !server.passes_tls();
}

std::string route_name(const GatewayServer& server, std::uint32_t listening) {
  const auto& port = server.server->port();
  const std::string& bind = server.server->bind();
  if (is_http(server.protocol)) return fmt::format("http.{}{}{}", listening, bind.empty() ? "" : ".", bind);
  if (server.protocol != Protocol::https || !ends_tls(server)) return {};
  const Meta& meta = server.gateway->meta;
  return fmt::format("https.{}.{}.{}.{}", port.number(), port.name(), meta.name, meta.ns);
}

class Merge {
 public:
  Merge(const World& world, const ProxyNode& node) : world_(world), node_(node) {
    const bool ipv4 = std::ranges::any_of(node.addresses, [](const auto& ip) { return ip.find(':') == ip.npos; });
    wildcard_ = ipv4 || node.addresses.empty() ? "0.0.0.0" : "::";
  }

  void add(const std::shared_ptr<const Gateway>& gateway) {
    for (const auto& server : gateway->spec.servers()) {
      add({.gateway = gateway,
           .gateway_name = fmt::format("{}/{}", gateway->meta.ns, gateway->meta.name),
           .server = &server,
           .protocol = protocol_named(server.port().protocol()),
           .hosts = server_hosts({server.hosts().begin(), server.hosts().end()}, gateway->meta.ns)});
    }
  }

  std::vector<GatewayPort> made() {
    std::vector<GatewayPort> out;
    for (auto& [key, port] : ports_) out.push_back(std::move(port));
    return out;
  }

 private:
  using Key = std::pair<std::uint32_t, std::string>;

  void add(GatewayServer server) {
    const std::uint32_t number = listening_port(world_, node_, server.server->port().number());
    const Key key{number, server.server->bind().empty() ? wildcard_ : server.server->bind()};
    server.route_name = route_name(server, number);
    const auto place = ports_.find(key);
    if (place != ports_.end() && !fits(server, place->second.servers.front())) return;
    if (!is_http(server.protocol)) {
      if (server.server->has_tls() && !claim(server, key)) return;
      if (!server.route_name.empty() && !names_.insert(server.route_name).second) return;
    }
    GatewayPort& port = ports_[key];
    port.bind = key.second;
    port.number = number;
    port.servers.push_back(std::move(server));
  }

  static bool fits(const GatewayServer& server, const GatewayServer& first) {
    if (is_http(server.protocol) || is_http(first.protocol)) return is_http(server.protocol) && is_http(first.protocol);
    return server.server->has_tls() && first.server->has_tls();
  }

  /// Two chains for one server name would make a listener that no proxy takes.
  bool claim(const GatewayServer& server, const Key& key) {
    Hosts names = server.hosts;
    if (!server.passes_tls()) {  // else its routes say the names, and the namespace tells two servers apart
      for (std::string& name : names) name.erase(0, name.find('/') + 1);
    }
    std::set<std::string>& taken = hosts_[key];
    if (std::ranges::any_of(names, [&](const std::string& name) { return taken.contains(name); })) return false;
    taken.insert(names.begin(), names.end());
    return true;
  }

  const World& world_;
  const ProxyNode& node_;
  std::string wildcard_;
  std::map<Key, GatewayPort> ports_;
  std::map<Key, std::set<std::string>> hosts_;  // of TLS servers
  std::set<std::string> names_;                 // of their routes
};

}  // namespace

bool GatewayServer::passes_tls() const {
  if (!server->has_tls() || is_http(protocol)) return false;
  const auto mode = server->tls().mode();
  return mode == ServerTLSSettings::PASSTHROUGH || mode == ServerTLSSettings::AUTO_PASSTHROUGH;
}

bool GatewayServer::passes_tls_by_itself() const {
  return passes_tls() && server->tls().mode() == ServerTLSSettings::AUTO_PASSTHROUGH;
}

bool passed_on_by_name(const Service& service, const Hosts& hosts) {
  if (service.external || service.resolution == Resolution::alias) return false;
  return std::ranges::any_of(hosts, [&](const std::string& host) {
    return covered_by(service.hostname, std::string_view(host).substr(host.find('/') + 1));
  });
}

Hosts GatewayServer::server_names() const {
  std::set<std::string> out;
  for (const std::string& host : hosts) {
    std::string name = host.substr(host.find('/') + 1);
    if (name == "*") return {};
    out.insert(std::move(name));
  }
  return {out.begin(), out.end()};
}

GatewayObjects gateway_objects(const World& world, const ProxyNode& node) {
  GatewayObjects out;
  out.gateways = gateways_for(world, node.ns, node.labels);
  const auto& mesh = world.mesh().default_virtual_service_export_to();
  const std::vector<std::string> fallback(mesh.begin(), mesh.end());
  for (const auto& gateway : out.gateways) {
    const std::string name = fmt::format("{}/{}", gateway->meta.ns, gateway->meta.name);
    for (const auto& route : world.routes().for_gateway(name)) {
      const auto& to = route->spec.export_to();
      if (!visible({to.begin(), to.end()}, fallback, route->meta.ns, node.ns)) continue;
      out.routes[name].push_back(with_delegates(world, route));
    }
  }
  const auto label = node.labels.find("gateway.networking.k8s.io/gateway-name");
  if (label == node.labels.end()) return out;
  const ApiGateway* run = world.table<ApiGateway>().find(node.ns, label->second);
  if (run == nullptr) return out;
  GatewayObjects more = gateway_api_objects(world, *run);
  out.gateways.insert(out.gateways.end(), more.gateways.begin(), more.gateways.end());
  out.routes.merge(more.routes);
  return out;
}

std::vector<GatewayPort> gateway_ports(const World& world, const ProxyNode& node, const GatewayObjects& objects) {
  Merge merge(world, node);
  for (const auto& gateway : objects.gateways) merge.add(gateway);
  return merge.made();
}

}  // namespace proa::mesh
