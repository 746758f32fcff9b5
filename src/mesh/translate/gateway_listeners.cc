#include "mesh/translate/gateway_listeners.h"

#include <fmt/format.h>

#include "envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol.pb.h"
#include "envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.pb.h"
#include "mesh/translate/gateway_tcp.h"
#include "mesh/translate/request_policies.h"
#include "mesh/translate/server_tls.h"

namespace proa::mesh {

namespace {

using envoy::config::listener::v3::FilterChain;
using envoy::config::listener::v3::Listener;

// A client that begins TLS and does not go on holds a connection no longer.
constexpr int kHandshakeSeconds = 15;

class Listeners {
 public:
  Listeners(const World& world, const ProxyNode& node, const Scope& scope)
      : world_(world),
        node_(node),
        reporting_(reporting_for(world, node, Direction::gateway)),
        objects_(gateway_objects(world, node)),
        policies_(request_policies(world, node)),
        chains_{world, node, scope, reporting_, objects_, policies_.tcp} {}

  std::vector<Listener> made() const {
    std::vector<Listener> out;
    for (const GatewayPort& port : gateway_ports(world_, node_, objects_)) {
      Listener listener = named(port);
      add_chains(port, listener);
      if (listener.filter_chains().empty()) continue;  // nothing is routed there
      add_listener_filters(listener);
      for (const auto& log : listener_logs(reporting_)) *listener.add_access_log() = log;
      out.push_back(std::move(listener));
    }
    return out;
  }

 private:
  static Listener named(const GatewayPort& port) {
    Listener out;
    out.set_name(fmt::format("{}_{}", port.bind, port.number));
    auto& address = *out.mutable_address()->mutable_socket_address();
    address.set_address(port.bind);
    address.set_port_value(port.number);
    out.set_traffic_direction(envoy::config::core::v3::OUTBOUND);
    out.mutable_max_connections_to_accept_per_socket_event()->set_value(1);
    return out;
  }

  void add_chains(const GatewayPort& port, Listener& out) const {
    if (is_http(port.servers.front().protocol)) {  // all of them are one
      add_http(port.servers.front(), out);
      return;
    }
    Hosts known;  // no route may take the name of a server that ends TLS
    for (const GatewayServer& server : port.servers) {
      if (server.passes_tls() || !server.server->has_tls()) continue;
      const Hosts names = server.server_names();
      known.insert(known.end(), names.begin(), names.end());
    }
    for (const GatewayServer& server : port.servers) {
      if (!server.route_name.empty()) {
        FilterChain& chain = add_http(server, out);
        match(server.server_names(), {}, chain);
        end_tls(server, chain);
        continue;
      }
      for (GatewayTcpChain& made : gateway_tcp_chains(chains_, server, known)) {
        FilterChain& chain = *out.add_filter_chains();
        chain.mutable_transport_socket_connect_timeout()->set_seconds(kHandshakeSeconds);
        for (auto& filter : made.filters) *chain.add_filters() = std::move(filter);
        if (!server.server->has_tls()) continue;
        match(made.server_names, made.protocols, chain);
        end_tls(server, chain);
      }
    }
  }

  FilterChain& add_http(const GatewayServer& server, Listener& out) const {
    HttpManager manager = connection_manager(
        {.world = world_,
         .node = node_,
         .reporting = reporting_,
         .stat_prefix = server.server->name().empty() ? "outbound_" + out.name() : server.server->name(),
         .grpc_web = server.protocol == Protocol::grpc_web},
        policies_.http);
    use_routes(server.route_name, manager);
    set_topology(manager);
    // The gateway begins the trace of most requests: its wait for the upstream is a span of its own.
    if (manager.has_tracing()) manager.mutable_tracing()->mutable_spawn_upstream_span()->set_value(true);
    FilterChain& chain = *out.add_filter_chains();
    *chain.add_filters() = filter_of(manager);
    chain.mutable_transport_socket_connect_timeout()->set_seconds(kHandshakeSeconds);
    return chain;
  }

  /// What stands before the gateway.
  void set_topology(HttpManager& out) const {
    using Forward = istio::mesh::v1alpha1::ForwardClientCertDetails;
    const auto& topology = world_.mesh().default_config().gateway_topology();
    out.set_xff_num_trusted_hops(topology.num_trusted_proxies());
    switch (topology.forward_client_cert_details()) {
      case Forward::SANITIZE: out.set_forward_client_cert_details(HttpManager::SANITIZE); break;
      case Forward::FORWARD_ONLY: out.set_forward_client_cert_details(HttpManager::FORWARD_ONLY); break;
      case Forward::APPEND_FORWARD: out.set_forward_client_cert_details(HttpManager::APPEND_FORWARD); return;
      case Forward::ALWAYS_FORWARD_ONLY: out.set_forward_client_cert_details(HttpManager::ALWAYS_FORWARD_ONLY); break;
      default: return;  // as connection_manager() has it: SANITIZE_SET
    }
    out.clear_set_current_client_cert_details();
  }

  static void match(const Hosts& server_names, const Hosts& protocols, FilterChain& out) {
    for (const auto& name : server_names) out.mutable_filter_chain_match()->add_server_names(name);
    for (const auto& name : protocols) out.mutable_filter_chain_match()->add_application_protocols(name);
  }

  static void end_tls(const GatewayServer& server, FilterChain& out) {
    if (auto socket = server_tls_socket(server.server->tls(), !server.route_name.empty())) {
      *out.mutable_transport_socket() = std::move(*socket);
    }
  }

  void add_listener_filters(Listener& out) const {
    if (world_.mesh().default_config().gateway_topology().has_proxy_protocol()) {
      *out.add_listener_filters() =
          listener_filter("envoy.filters.listener.proxy_protocol",
                          envoy::extensions::filters::listener::proxy_protocol::v3::ProxyProtocol());
    }
    for (const FilterChain& chain : out.filter_chains()) {
      if (!chain.has_filter_chain_match() && !chain.has_transport_socket()) continue;
      envoy::extensions::filters::listener::tls_inspector::v3::TlsInspector inspector;
      inspector.mutable_initial_read_buffer_size()->set_value(512);  // most first messages are no longer
      *out.add_listener_filters() = listener_filter("envoy.filters.listener.tls_inspector", inspector);
      return;
    }
  }

  const World& world_;
  const ProxyNode& node_;
  const Reporting reporting_;
  const GatewayObjects objects_;
  const RequestPolicies policies_;
  const GatewayChainsFor chains_;
};

}  // namespace

std::vector<Listener> gateway_listeners(const World& world, const ProxyNode& node, const Scope& scope) {
  if (node.type != ProxyNode::Type::router) return {};
  return Listeners(world, node, scope).made();
}

}  // namespace proa::mesh
