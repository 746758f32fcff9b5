#include "mesh/translate/inbound.h"

#include <fmt/format.h>

#include <algorithm>

#include "envoy/extensions/filters/listener/original_dst/v3/original_dst.pb.h"
#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"
#include "mesh/translate/inbound_inspectors.h"
#include "mesh/translate/inbound_matches.h"
#include "mesh/translate/inbound_ports.h"
#include "mesh/translate/names.h"
#include "mesh/translate/request_policies.h"
#include "mesh/translate/server_tls.h"

namespace proa::mesh {

namespace {

using envoy::config::core::v3::TransportSocket;
using envoy::config::listener::v3::FilterChain;
using envoy::config::listener::v3::Listener;
using envoy::config::route::v3::RouteConfiguration;
using envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;

constexpr std::uint32_t kAnyPort = 0;

/// What a set of chains leads to.
struct Target {
  std::string cluster{};
  std::uint32_t port = kAnyPort;  ///< that connections were going to
  std::uint32_t service_port = 0;
  Protocol protocol = Protocol::automatic;
  std::string operation{};  ///< as spans name it: "host:port/*"
  std::string http_name{};  ///< of chains
  std::string tcp_name{};
  std::string stat_prefix{};
};

Target passthrough_target(std::uint32_t port) {
  const std::string cluster(kInboundPassthrough);
  return {.cluster = cluster,
          .port = port,
          .operation = ":0/*",
          .http_name = "virtualInbound-catchall-http",
          .tcp_name = "virtualInbound",
          .stat_prefix = cluster};
}

Target target_of(const InboundPort& port) {
  const std::string name = fmt::format("{}_{}", port.bind, port.port);
  return {.cluster = inbound_cluster(port.port),
          .port = port.port,
          .service_port = port.service_port,
          .protocol = port.protocol,
          .operation = fmt::format("{}:{}/*", port.name, port.service_port),
          .http_name = name,
          .tcp_name = name,
          .stat_prefix = "inbound_" + name};
}

RouteConfiguration routes_of(const Target& target) {
  RouteConfiguration out;
  out.set_name(target.cluster);
  out.mutable_validate_clusters()->set_value(false);
  auto& host = *out.add_virtual_hosts();
  host.set_name(fmt::format("inbound|http|{}", target.service_port));
  host.add_domains("*");
  auto& route = *host.add_routes();
  route.set_name("default");
  route.mutable_match()->set_prefix("/");
  route.mutable_decorator()->set_operation(target.operation);
  auto& action = *route.mutable_route();
  action.set_cluster(target.cluster);
  action.mutable_timeout();
  action.mutable_max_stream_duration()->mutable_max_stream_duration();
  action.mutable_max_stream_duration()->mutable_grpc_timeout_header_max();
  // Nothing of such a request has reached the workload.
  action.mutable_retry_policy()->set_retry_on("reset-before-request");
  action.mutable_retry_policy()->mutable_num_retries()->set_value(2);
  return out;
}

class Inbound {
 public:
  Inbound(const World& world, const ProxyNode& node)
      : world_(world),
        node_(node),
        reporting_(reporting_for(world, node, Direction::inbound)),
        policies_(request_policies(world, node)),
        modes_(peer_modes(world, node)) {}

  std::vector<Listener> listeners() const {
    std::vector<Listener> own;
    const std::vector<InboundPort> ports = inbound_ports(world_, node_);
    std::vector<FilterChain> redirected = passthrough_chains(ports);
    for (const InboundPort& port : ports) {
      std::vector<FilterChain> chains = chains_of(port);
      if (port.binds) {
        own.push_back(listener(fmt::format("{}_{}", port.bind, port.port), port.bind, port.port, std::move(chains)));
        add_inspectors(own.back());
      } else {
        for (FilterChain& chain : chains) redirected.push_back(std::move(chain));
      }
    }
    if (!node_.intercepts) return own;
    std::vector<Listener> out;
    out.push_back(listener("virtualInbound", wildcard_address(node_),
                           static_cast<std::uint32_t>(world_.mesh().proxy_inbound_listen_port()),
                           std::move(redirected)));
    *out.back().add_listener_filters() = listener_filter(
        "envoy.filters.listener.original_dst", envoy::extensions::filters::listener::original_dst::v3::OriginalDst());
    add_inspectors(out.back());
    for (Listener& each : own) out.push_back(std::move(each));
    return out;
  }

 private:
  Listener listener(std::string name, const std::string& address, std::uint32_t port,
                    std::vector<FilterChain> chains) const {
    Listener out;
    out.set_name(std::move(name));
    out.mutable_address()->mutable_socket_address()->set_address(address);
    out.mutable_address()->mutable_socket_address()->set_port_value(port);
    out.set_traffic_direction(envoy::config::core::v3::INBOUND);
    *out.mutable_listener_filters_timeout() = world_.mesh().protocol_detection_timeout();
    out.set_continue_on_listener_filters_timeout(true);
    out.mutable_max_connections_to_accept_per_socket_event()->set_value(1);
    for (const auto& log : listener_logs(reporting_)) *out.add_access_log() = log;
    for (FilterChain& chain : chains) *out.add_filter_chains() = std::move(chain);
    return out;
  }

  /// For what no service takes: the port that the listener itself is at leads nowhere, as it would lead back here.
  std::vector<FilterChain> passthrough_chains(const std::vector<InboundPort>& served) const {
    std::vector<FilterChain> out(1);
    out[0].set_name("virtualInbound-blackhole");
    out[0].mutable_filter_chain_match()->mutable_destination_port()->set_value(
        static_cast<std::uint32_t>(world_.mesh().proxy_inbound_listen_port()));
    add_exchange(out[0]);
    add_stats(out[0]);
    TcpProxy proxy;
    proxy.set_stat_prefix(std::string(kBlackHole));
    proxy.set_cluster(std::string(kBlackHole));
    *out[0].add_filters() = network_filter("envoy.filters.network.tcp_proxy", proxy);
    add_chains(passthrough_target(kAnyPort), modes_.workload, out);
    for (const auto& [port, mode] : modes_.ports) {
      // A served port has chains of its own, and two of the same match would have the listener refused.
      const bool own = std::ranges::find(served, port, &InboundPort::port) != served.end();
      if (!own) add_chains(passthrough_target(port), mode, out);
    }
    return out;
  }

  std::vector<FilterChain> chains_of(const InboundPort& port) const {
    std::vector<FilterChain> out;
    Target target = target_of(port);
    const MutualTls mode = modes_.of(port.port);
    if (port.ingress != nullptr && port.ingress->has_tls() && mode == MutualTls::disable) {
      // The listener ends TLS itself: what is within is what counts.
      if (target.protocol == Protocol::https) target.protocol = Protocol::http;
      if (target.protocol == Protocol::tls) target.protocol = Protocol::tcp;
      const InboundMatch match{.http = is_http(target.protocol), .tls = true, .transport = "tls"};
      out.push_back(chain(target, match, server_tls_socket(port.ingress->tls(), match.http)));
    } else {
      add_chains(target, mode, out);
    }
    if (port.sidecar) {
      for (FilterChain& each : out) {
        auto& fields = *(*each.mutable_metadata()->mutable_filter_metadata())["istio"].mutable_fields();
        fields["config"].set_string_value(fmt::format("/apis/networking.istio.io/v1/namespaces/{}/sidecar/{}",
                                                      port.sidecar->meta.ns, port.sidecar->meta.name));
      }
    }
    return out;
  }

  void add_chains(const Target& target, MutualTls mode, std::vector<FilterChain>& out) const {
    for (const InboundMatch& match : inbound_matches(target.protocol, mode)) {
      std::optional<TransportSocket> socket;
      if (match.tls) socket = mutual_tls_socket(world_, match.http);
      out.push_back(chain(target, match, std::move(socket)));
    }
  }

  FilterChain chain(const Target& target, const InboundMatch& match, std::optional<TransportSocket> socket) const {
    FilterChain out;
    out.set_name(match.http ? target.http_name : target.tcp_name);
    auto& matched = *out.mutable_filter_chain_match();
    if (target.port != kAnyPort) matched.mutable_destination_port()->set_value(target.port);
    matched.set_transport_protocol(std::string(match.transport));
    for (const std::string_view protocol : match.application) matched.add_application_protocols(std::string(protocol));
    if (socket) *out.mutable_transport_socket() = std::move(*socket);
    add_exchange(out);
    if (match.http) {
      *out.add_filters() = requests(target);
    } else {
      for (const auto& filter : policies_.tcp) *out.add_filters() = filter;
      add_stats(out);
      *out.add_filters() = bytes(target);
    }
    return out;
  }

  envoy::config::listener::v3::Filter requests(const Target& target) const {
    HttpManager manager = connection_manager({.world = world_,
                                              .node = node_,
                                              .reporting = reporting_,
                                              .stat_prefix = target.stat_prefix,
                                              .grpc_web = target.protocol == Protocol::grpc_web},
                                             policies_.http);
    *manager.mutable_route_config() = routes_of(target);
    if (is_http2(target.protocol)) manager.mutable_http2_protocol_options();
    return filter_of(manager);
  }

  envoy::config::listener::v3::Filter bytes(const Target& target) const {
    TcpProxy proxy;
    proxy.set_stat_prefix(target.cluster);
    proxy.set_cluster(target.cluster);
    for (const auto& log : reporting_.logs) *proxy.add_access_log() = log;
    return network_filter("envoy.filters.network.tcp_proxy", proxy);
  }

  /// Who is at the other end, where both speak "istio-peer-exchange".
  void add_exchange(FilterChain& out) const {
    if (!node_.istio_filters) return;
    google::protobuf::Struct config;
    (*config.mutable_fields())["protocol"].set_string_value("istio-peer-exchange");
    (*config.mutable_fields())["enable_discovery"].set_bool_value(true);
    auto& filter = *out.add_filters();
    filter.set_name("istio.metadata_exchange");
    *filter.mutable_typed_config() = typed_struct("envoy.tcp.metadataexchange.config.MetadataExchange", config);
  }

  void add_stats(FilterChain& out) const {
    if (!reporting_.stats) return;
    auto& filter = *out.add_filters();
    filter.set_name("istio.stats");
    *filter.mutable_typed_config() = *reporting_.stats;
  }

  const World& world_;
  const ProxyNode& node_;
  const Reporting reporting_;
  const RequestPolicies policies_;
  const PeerModes modes_;
};

}  // namespace

std::vector<Listener> inbound_listeners(const World& world, const ProxyNode& node) {
  return Inbound(world, node).listeners();
}

}  // namespace proa::mesh
