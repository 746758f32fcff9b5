#include "mesh/translate/outbound_listeners.h"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "envoy/extensions/filters/listener/http_inspector/v3/http_inspector.pb.h"
#include "envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.pb.h"
#include "mesh/translate/egress.h"
#include "mesh/translate/outbound_policy.h"
#include "mesh/translate/outbound_routes.h"
#include "mesh/translate/tcp_chains.h"

namespace proa::mesh {

namespace {

/// One address and port, and the chains of all services there.
struct Place {
  bool binds_port = false;
  std::vector<FilterChain> http{};
  std::vector<FilterChain> tcp{};
};

class Listeners {
 public:
  Listeners(const World& world, const ProxyNode& node, const Scope& scope, const Reporting& reporting)
      : world_(world), node_(node), scope_(scope), reporting_(reporting) {}

  void add(const Egress& egress) {
    if (egress.port && is_http(egress.port->protocol)) {
      const std::string& where = egress.bind.empty() ? std::string(kAnywhere) : egress.bind;
      place(where, egress.port->number).binds_port = egress.binds_port;
      add_http(where, egress.port->number, std::to_string(egress.port->number), where == kAnywhere,
               egress.port->protocol == Protocol::grpc_web);
      return;
    }
    std::vector<const Service*> oldest_first;
    for (const auto& service : egress.scope.services) oldest_first.push_back(service.get());
    std::ranges::stable_sort(oldest_first, {}, [](const Service* each) { return each->created; });
    for (const Service* service : oldest_first) {
      for (const ServicePort& port : service->ports) {
        if (egress.serves(port.number)) add(egress, *service, port);
      }
    }
  }

  std::vector<Listener> made() {
    std::vector<Listener> out;
    for (auto& [where, place] : places_) out.push_back(listener(where.first, where.second, std::move(place)));
    if (node_.intercepts) out.push_back(virtual_outbound());
    std::ranges::sort(out, {}, [](const Listener& each) { return each.name(); });
    return out;
  }

 private:
  Place& place(const std::string& address, std::uint32_t port) { return places_[{address, port}]; }

  void add(const Egress& egress, const Service& service, const ServicePort& port) {
    if (port.protocol == Protocol::udp || service.resolution == Resolution::alias) return;
    const RoutesFor routes{.world = world_, .node = node_, .scope = scope_, .port = port.number};
    if (is_http(port.protocol)) {
      add_http(kAnywhere, port.number, std::to_string(port.number), true, port.protocol == Protocol::grpc_web);
      return;
    }
    const ChainsFor chains{routes, reporting_, service, port};
    for (const std::string& address : addresses_of(world_, egress, service)) {
      const bool range = address.find('/') != std::string::npos;
      const bool own = !range && address != kAnywhere;
      const std::string where = own ? address : kAnywhere;
      if (port.protocol == Protocol::automatic) {
        add_http(where, port.number, own ? sniffed_route_name(service, port.number) : std::to_string(port.number), true,
                 false);
      }
      place(where, port.number).binds_port = egress.binds_port;
      add_tcp(where, port.number,
              tcp_chains(chains, range ? std::vector<std::string>{address} : std::vector<std::string>(), own));
    }
  }

  /// `told`: HTTP is told from other bytes that come to the same listener.
  void add_http(const std::string& address, std::uint32_t port, std::string routes, bool told, bool grpc_web) {
    Place& place = this->place(address, port);
    if (!place.http.empty()) return;  // its routes have all services of the port
    HttpManager manager = connection_manager({.world = world_,
                                              .node = node_,
                                              .reporting = reporting_,
                                              .stat_prefix = fmt::format("outbound_{}_{}", address, port),
                                              .grpc_web = grpc_web});
    use_routes(std::move(routes), manager);
    FilterChain chain;
    if (told) {
      chain.mutable_filter_chain_match()->set_transport_protocol("raw_buffer");
      chain.mutable_filter_chain_match()->add_application_protocols("http/1.1");
      chain.mutable_filter_chain_match()->add_application_protocols("h2c");
    }
    *chain.add_filters() = filter_of(manager);
    chain.mutable_transport_socket_connect_timeout()->set_seconds(15);
    place.http.push_back(std::move(chain));
  }

  /// Of chains that match the same connections the first service's stays.
  void add_tcp(const std::string& address, std::uint32_t port, std::vector<FilterChain> chains) {
    Place& place = this->place(address, port);
    for (FilterChain& chain : chains) {
      const bool taken = std::ranges::any_of(place.tcp, [&](const FilterChain& each) {
        return google::protobuf::util::MessageDifferencer::Equals(each.filter_chain_match(),
                                                                  chain.filter_chain_match());
      });
      if (!taken) place.tcp.push_back(std::move(chain));
    }
  }

  Listener listener(const std::string& address, std::uint32_t port, Place place) const {
    Listener out;
    out.set_name(fmt::format("{}_{}", address, port));
    out.mutable_address()->mutable_socket_address()->set_address(address);
    out.mutable_address()->mutable_socket_address()->set_port_value(port);
    const auto matches_all = [](const FilterChain& each) { return !each.has_filter_chain_match(); };
    const bool rest = address == kAnywhere && std::ranges::none_of(place.tcp, matches_all);
    const bool told = std::ranges::none_of(place.http, matches_all);
    const bool by_name = std::ranges::any_of(
        place.tcp, [](const FilterChain& each) { return !each.filter_chain_match().server_names().empty(); });
    namespace inspectors = envoy::extensions::filters::listener;
    if (by_name) {
      inspectors::tls_inspector::v3::TlsInspector tls;
      tls.mutable_initial_read_buffer_size()->set_value(512);
      *out.add_listener_filters() = listener_filter("envoy.filters.listener.tls_inspector", tls);
    }
    if (!place.http.empty() && told) {
      *out.add_listener_filters() =
          listener_filter("envoy.filters.listener.http_inspector", inspectors::http_inspector::v3::HttpInspector());
    }
    for (FilterChain& chain : place.http) *out.add_filter_chains() = std::move(chain);
    for (FilterChain& chain : place.tcp) *out.add_filter_chains() = std::move(chain);
    if (rest) {
      FilterChain& chain = *out.mutable_default_filter_chain();
      chain = passthrough_chain(cluster_of_unknown(world_, scope_), reporting_);
      chain.mutable_filter_chain_match();
      chain.set_name("PassthroughFilterChain");
    }
    *out.mutable_listener_filters_timeout() = world_.mesh().protocol_detection_timeout();
    out.set_continue_on_listener_filters_timeout(true);
    out.set_traffic_direction(envoy::config::core::v3::OUTBOUND);
    out.mutable_bind_to_port()->set_value(place.binds_port);
    return out;
  }

  /// All that is redirected arrives here, and goes on to the listener of its destination or, without one, through the
  /// last chain.
  Listener virtual_outbound() const {
    const auto port = static_cast<std::uint32_t>(world_.mesh().proxy_listen_port());
    Listener out;
    out.set_name("virtualOutbound");
    out.mutable_address()->mutable_socket_address()->set_address(kAnywhere);
    out.mutable_address()->mutable_socket_address()->set_port_value(port);
    FilterChain& loop = *out.add_filter_chains();
    loop = passthrough_chain("BlackHoleCluster", reporting_, false);
    loop.mutable_filter_chain_match()->mutable_destination_port()->set_value(port);
    loop.set_name("virtualOutbound-blackhole");
    FilterChain& rest = *out.add_filter_chains();
    rest = passthrough_chain(cluster_of_unknown(world_, scope_), reporting_);
    rest.set_name("virtualOutbound-catchall-tcp");
    out.mutable_use_original_dst()->set_value(true);
    out.set_traffic_direction(envoy::config::core::v3::OUTBOUND);
    for (auto& log : listener_logs(reporting_)) *out.add_access_log() = std::move(log);
    out.mutable_max_connections_to_accept_per_socket_event()->set_value(1);
    return out;
  }

  const World& world_;
  const ProxyNode& node_;
  const Scope& scope_;
  const Reporting& reporting_;
  std::map<std::pair<std::string, std::uint32_t>, Place> places_;
};

}  // namespace

std::vector<Listener> outbound_listeners(const World& world, const ProxyNode& node, const Scope& scope,
                                         const Reporting& reporting) {
  if (node.type == ProxyNode::Type::router) return {};
  Listeners listeners(world, node, scope, reporting);
  for (const Egress& egress : egress_of(world, node, scope)) listeners.add(egress);
  return listeners.made();
}

}  // namespace proa::mesh
