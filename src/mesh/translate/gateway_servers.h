// gateway_servers: what a router serves: the servers of all Gateways that select it, together as listeners.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "mesh/model/world.h"
#include "mesh/translate/gateway_hosts.h"
#include "mesh/translate/proxy_node.h"

namespace proa::mesh {

/// The Gateways of a router, oldest first, and the VirtualServices for them, with their delegates, in the order in which
/// they win over each other. Those made of the Gateway API's objects are among them.
struct GatewayObjects {
  using Routes = std::vector<std::shared_ptr<const VirtualService>>;

  std::vector<std::shared_ptr<const Gateway>> gateways{};
  std::map<std::string, Routes, std::less<>> routes{};  ///< by "namespace/name" of the Gateway
};
GatewayObjects gateway_objects(const World& world, const ProxyNode& node);

struct GatewayServer {
  using Server = istio::networking::v1alpha3::Server;

  std::shared_ptr<const Gateway> gateway{};
  std::string gateway_name{};      ///< "shop/edge"
  const Server* server = nullptr;  ///< of `gateway`
  Protocol protocol = Protocol::http;
  Hosts hosts{};             ///< "example.com", or "shop/example.com" for routes of one namespace
  std::string route_name{};  ///< of its RouteConfiguration; empty: it carries bytes

  bool passes_tls() const;            ///< PASSTHROUGH or AUTO_PASSTHROUGH: it does not end TLS
  bool passes_tls_by_itself() const;  ///< AUTO_PASSTHROUGH: no route says where to
  /// Those that TLS clients name, in order; empty: all.
  Hosts server_names() const;
};

/// One address to listen on. Several servers are there only if all are HTTP, or all TLS.
struct GatewayPort {
  std::string bind{};
  std::uint32_t number = 0;
  std::vector<GatewayServer> servers{};  ///< never empty
};

/// By port and address. A server that another one is in the way of is left out: the older one stays.
std::vector<GatewayPort> gateway_ports(const World& world, const ProxyNode& node, const GatewayObjects& objects);

/// Whether AUTO_PASSTHROUGH for these hosts has the service: one of the mesh, with a cluster of its own.
bool passed_on_by_name(const Service& service, const Hosts& hosts);

}  // namespace proa::mesh
