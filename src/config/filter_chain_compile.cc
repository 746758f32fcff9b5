#include "config/filter_chain_compile.h"

#include <fmt/format.h>

#include "config/http_manager_compile.h"
#include "config/mesh_identity.h"
#include "config/network_filter_compile.h"
#include "config/stable_bytes.h"
#include "config/supported.h"
#include "config/tcp_proxy_compile.h"
#include "config/tls_compile.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/filters/network/direct_response/v3/config.pb.h"
#include "envoy/extensions/filters/network/echo/v3/echo.pb.h"
#include "envoy/extensions/filters/network/sni_cluster/v3/sni_cluster.pb.h"
#include "http/string_matcher.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace lv3 = envoy::config::listener::v3;
namespace network = envoy::extensions::filters::network;
using proxy::FilterChain;
using proxy::FilterChainMatch;

namespace {

void compile_match(const lv3::FilterChainMatch& from, FilterChainMatch& to, const Site& at) {
  if (from.has_destination_port()) to.destination_port = static_cast<uint16_t>(from.destination_port().value());
  to.prefix_ranges = cidrs(from.prefix_ranges(), at / "prefix_ranges");
  const Site names = at / "server_names";
  for (int i = 0; i < from.server_names_size(); ++i) {
    std::string name = http::to_lower(from.server_names(i));
    if (name.find('*') != name.npos && (!name.starts_with("*.") || name.find('*', 1) != name.npos)) {
      names[static_cast<size_t>(i)].error(fmt::format("{} is no server name", shown(name)),
                                          "a wildcard is \"*.\" in front of a domain");
      continue;
    }
    to.server_names.push_back(std::move(name));
  }
  to.transport_protocol = from.transport_protocol();
  to.application_protocols.assign(from.application_protocols().begin(), from.application_protocols().end());
  to.direct_source_prefix_ranges = cidrs(from.direct_source_prefix_ranges(), at / "direct_source_prefix_ranges");
  to.source_prefix_ranges = cidrs(from.source_prefix_ranges(), at / "source_prefix_ranges");
  for (uint32_t port : from.source_ports()) to.source_ports.push_back(static_cast<uint16_t>(port));
  if (from.source_type() == lv3::FilterChainMatch::SAME_IP_OR_LOOPBACK) {
    to.source_type = proxy::SourceType::kSameIpOrLoopback;
  } else if (from.source_type() == lv3::FilterChainMatch::EXTERNAL) {
    to.source_type = proxy::SourceType::kExternal;
  }
}

void compile_network_filters(const lv3::FilterChain& from, FilterChain& to, size_t buffer_limit, const Site& at,
                             Compiler& compiler) {
  const Site list = at / "filters";
  bool sni_cluster = false;
  for (int i = 0; i < from.filters_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    const Site config = item / "typed_config";
    if (to.http || to.tcp || to.self_served) {
      item.error("comes after the terminal filter", "move it before the last filter");
      continue;
    }
    const std::optional<Payload> payload = open_any(from.filters(i).typed_config(), config);
    if (!payload) continue;
    const Site inside = payload->inside(config);
    const google::protobuf::Message* message = payload->message.get();
    if (auto* http = dynamic_cast<const network::http_connection_manager::v3::HttpConnectionManager*>(message)) {
      to.http = compile_http_manager(*http, buffer_limit, inside, compiler);
    } else if (auto* tcp = dynamic_cast<const network::tcp_proxy::v3::TcpProxy*>(message)) {
      to.tcp = compile_tcp_proxy(*tcp, sni_cluster, buffer_limit, inside, compiler);
    } else if (auto* exchange = dynamic_cast<const envoy::tcp::metadataexchange::config::MetadataExchange*>(message)) {
      to.peer_exchange = compile_metadata_exchange(*exchange, compiler);
    } else if (dynamic_cast<const network::sni_cluster::v3::SniCluster*>(message)) {
      sni_cluster = true;
    } else if (auto* direct = dynamic_cast<const network::direct_response::v3::Config*>(message)) {
      auto served = std::make_shared<proxy::SelfServed>();
      if (direct->has_response()) served->answer = data(direct->response(), inside / "response").value_or("");
      to.self_served = std::move(served);
    } else if (dynamic_cast<const network::echo::v3::Echo*>(message)) {
      to.self_served = std::make_shared<proxy::SelfServed>(
          proxy::SelfServed{.echo = true, .answer = {}, .buffer_limit = buffer_limit});
    } else if (auto filter = compile_network_filter(*message, inside, compiler)) {
      to.filters.push_back(std::move(filter));
    }
  }
  if (!to.http && !to.tcp && !to.self_served) {
    list.error("has no terminal filter", "end it with an HTTP connection manager or a tcp_proxy");
  }
}

}  // namespace

namespace {

/// A connection was admitted by what stands here; the HTTP connection manager is asked anew for each request.
uint64_t hash_below_http(const lv3::FilterChain& from) {
  lv3::FilterChain below;
  if (from.has_transport_socket()) *below.mutable_transport_socket() = from.transport_socket();
  for (const lv3::Filter& filter : from.filters()) {
    if (filter.typed_config().Is<network::http_connection_manager::v3::HttpConnectionManager>()) continue;
    *below.add_filters() = filter;
  }
  return stable_hash(below);
}

}  // namespace

std::shared_ptr<const FilterChain> compile_filter_chain(const lv3::FilterChain& from, size_t buffer_limit,
                                                        const Site& at, Compiler& compiler) {
  auto to = std::make_shared<FilterChain>();
  to->name = from.name();
  compile_match(from.filter_chain_match(), to->match, at / "filter_chain_match");
  if (from.has_transport_socket()) {
    to->tls = compile_downstream_socket(from.transport_socket(), at / "transport_socket", compiler);
  }
  if (from.has_transport_socket_connect_timeout()) {
    to->transport_timeout = or_never(from.transport_socket_connect_timeout());
  }
  compile_network_filters(from, *to, buffer_limit, at, compiler);
  to->transport_hash = hash_below_http(from);
  return to;
}

std::optional<int64_t> runtime_integer(const envoy::config::bootstrap::v3::Bootstrap& bootstrap,
                                       const std::string& key) {
  std::optional<int64_t> found;
  for (const auto& layer : bootstrap.layered_runtime().layers()) {
    if (!layer.has_static_layer()) continue;
    auto entry = layer.static_layer().fields().find(key);
    if (entry != layer.static_layer().fields().end()) found = static_cast<int64_t>(entry->second.number_value());
  }
  return found;
}

void add_filter_chain_fields(SupportedTable& table) {
  table.add(supported<lv3::FilterChain>(
                {"filter_chain_match", "filters", "transport_socket", "transport_socket_connect_timeout", "name"})
                .must_know({"filters", "transport_socket"})
                .harmless({"metadata"}, "shown in the configuration dump")
                .security({"use_proxy_proto"}));
  table.add(supported<lv3::FilterChainMatch>({"destination_port", "prefix_ranges", "server_names", "transport_protocol",
                                              "application_protocols", "direct_source_prefix_ranges", "source_type",
                                              "source_prefix_ranges", "source_ports"})
                .security({"address_suffix", "suffix_len"}));
  table.add(
      supported<lv3::Filter>({"name", "typed_config"}).must_know({"typed_config"}).security({"config_discovery"}));
  table.add(supported<core::TransportSocket>({"name", "typed_config"}).must_know({"typed_config"}));
  add_mesh_identity_fields(table);
  table.add(supported<network::sni_cluster::v3::SniCluster>({}));
  table.add(supported<network::direct_response::v3::Config>({"response"}));
  table.add(supported<network::echo::v3::Echo>({}));
}

}  // namespace proa::config
