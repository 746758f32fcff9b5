// gateway_tcp: what a server of a Gateway does with bytes: the tcp and tls routes of the VirtualServices that are bound
// to it, and for AUTO_PASSTHROUGH every service of the mesh by the server name of its mTLS.
#pragma once

#include <string>
#include <vector>

#include "envoy/config/listener/v3/listener_components.pb.h"
#include "mesh/translate/connection_manager.h"
#include "mesh/translate/gateway_servers.h"
#include "mesh/translate/scope.h"

namespace proa::mesh {

/// What chains are made for. The references must outlive the call.
struct GatewayChainsFor {
  using Filters = std::vector<envoy::config::listener::v3::Filter>;

  const World& world;
  const ProxyNode& node;
  const Scope& scope;
  const Reporting& reporting;  ///< of this node and direction
  const GatewayObjects& objects;
  const Filters& policies;  ///< authorization of connections, before all else
};

/// A chain without the TLS that its listener ends.
struct GatewayTcpChain {
  Hosts server_names{};  ///< empty: all
  Hosts protocols{};     ///< ALPN; empty: all
  GatewayChainsFor::Filters filters{};
};

/// Of a server that carries bytes: none where no route is for it. `known` are the server names that the listener has
/// chains for already; those of the result are added.
std::vector<GatewayTcpChain> gateway_tcp_chains(const GatewayChainsFor& what, const GatewayServer& server,
                                                Hosts& known);

}  // namespace proa::mesh
