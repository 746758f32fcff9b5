#include "config/listener_compile.h"

#include <fmt/format.h>

#include "config/access_log_compile.h"
#include "config/filter_chain_compile.h"
#include "config/port_predicate.h"
#include "config/supported.h"
#include "config/tlv_selection.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/filters/listener/http_inspector/v3/http_inspector.pb.h"
#include "envoy/extensions/filters/listener/original_dst/v3/original_dst.pb.h"
#include "envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol.pb.h"
#include "envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.pb.h"
#include "proxy/http_inspector_stats.h"
#include "proxy/listener_stats.h"
#include "proxy/proxy_protocol_stats.h"
#include "proxy/tls_inspector_stats.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace lv3 = envoy::config::listener::v3;
namespace filters = envoy::extensions::filters::listener;
using proxy::ListenerConfig;

namespace {

constexpr size_t kDefaultBufferLimit = 1024 * 1024;

void compile_addresses(const lv3::Listener& from, ListenerConfig& to, const Site& at) {
  if (auto main = address(from.address(), at / "address")) to.addresses.push_back(*main);
  const Site more = at / "additional_addresses";
  for (int i = 0; i < from.additional_addresses_size(); ++i) {
    const Site item = more[static_cast<size_t>(i)];
    if (auto extra = address(from.additional_addresses(i).address(), item / "address")) to.addresses.push_back(*extra);
  }
  to.socket.v6_only = !from.address().socket_address().ipv4_compat();
  if (from.address().has_pipe() && from.address().pipe().mode()) to.socket.unix_mode = from.address().pipe().mode();
}

void compile_socket(const lv3::Listener& from, ListenerConfig& to, const Site& at) {
  to.bind_to_port = !from.has_bind_to_port() || from.bind_to_port().value();
  to.socket.reuse_port = !from.has_enable_reuse_port() || from.enable_reuse_port().value();
  to.socket.transparent = from.transparent().value();
  to.socket.free_bind = from.freebind().value();
  if (from.has_tcp_fast_open_queue_length()) to.socket.fast_open_queue = from.tcp_fast_open_queue_length().value();
  if (from.has_tcp_backlog_size()) to.socket.backlog = static_cast<int>(from.tcp_backlog_size().value());
  if (from.has_tcp_keepalive()) to.socket.keep_alive = keep_alive(from.tcp_keepalive());
  const Site options = at / "socket_options";
  for (int i = 0; i < from.socket_options_size(); ++i) {
    const Site item = options[static_cast<size_t>(i)];
    if (auto option = socket_option(from.socket_options(i), item)) to.socket.options.push_back(*option);
  }
  if (from.has_max_connections_to_accept_per_socket_event()) {
    to.accepts_per_event = from.max_connections_to_accept_per_socket_event().value();
  }
}

void compile_proxy_protocol(const filters::proxy_protocol::v3::ProxyProtocol& from, ListenerConfig& to,
                            Compiler& compiler) {
  proxy::ProxyProtocolRules rules;
  rules.allow_without = from.allow_requests_without_proxy_protocol();
  for (auto version : from.disallowed_versions()) {
    if (version == core::ProxyProtocolConfig::V1) rules.allow_v1 = false;
    if (version == core::ProxyProtocolConfig::V2) rules.allow_v2 = false;
  }
  if (from.has_pass_through_tlvs()) rules.keep_tlvs = tlv_selection(from.pass_through_tlvs());
  for (const auto& rule : from.rules()) {
    const std::string& space = rule.on_tlv_present().metadata_namespace();
    rules.tlv_rules.push_back({.type = static_cast<uint8_t>(rule.tlv_type()),  // below 256 by the API's own rules
                               .space = space.empty() ? "envoy.filters.listener.proxy_protocol" : space,
                               .key = rule.on_tlv_present().key()});
  }
  rules.stats = compiler.shared.stats(proxy::kProxyProtocolSchema, {from.stat_prefix(), {}});
  to.proxy_protocol = rules;
}

void compile_listener_filters(const lv3::Listener& from, ListenerConfig& to, const Site& at, Compiler& compiler) {
  const Site list = at / "listener_filters";
  for (int i = 0; i < from.listener_filters_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    const Site config = item / "typed_config";
    const std::optional<Payload> payload = open_any(from.listener_filters(i).typed_config(), config);
    if (!payload) continue;
    const google::protobuf::Message* message = payload->message.get();
    NumberRanges not_at;
    if (from.listener_filters(i).has_filter_disabled()) {
      not_at = compile_port_predicate(from.listener_filters(i).filter_disabled(), item / "filter_disabled");
    }
    if (auto* proxy = dynamic_cast<const filters::proxy_protocol::v3::ProxyProtocol*>(message)) {
      compile_proxy_protocol(*proxy, to, compiler);
      to.no_proxy_protocol_at = std::move(not_at);
    } else if (dynamic_cast<const filters::tls_inspector::v3::TlsInspector*>(message)) {
      to.inspect_tls = true;
      to.no_tls_at = std::move(not_at);
    } else if (dynamic_cast<const filters::http_inspector::v3::HttpInspector*>(message)) {
      to.inspect_http = true;
      to.no_http_at = std::move(not_at);
    } else if (dynamic_cast<const filters::original_dst::v3::OriginalDst*>(message)) {
      to.original_destination = true;
      to.no_original_destination_at = std::move(not_at);
    }  // others: check_supported has named them
  }
}

void compile_chains(const lv3::Listener& from, ListenerConfig& to, const Site& at, Compiler& compiler) {
  const size_t limit = from.has_per_connection_buffer_limit_bytes() ? from.per_connection_buffer_limit_bytes().value()
                                                                    : kDefaultBufferLimit;
  const Site list = at / "filter_chains";
  for (int i = 0; i < from.filter_chains_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    to.chains.push_back(compile_filter_chain(from.filter_chains(i), limit, item, compiler));
    // What a chain matches on must be found out first, as Envoy does.
    if (!to.chains.back()->match.server_names.empty() || to.chains.back()->match.transport_protocol == "tls") {
      to.inspect_tls = true;
    }
  }
  if (from.has_default_filter_chain()) {
    to.default_chain = compile_filter_chain(from.default_filter_chain(), limit, at / "default_filter_chain", compiler);
  }
  if (to.chains.empty() && !to.default_chain) {
    at.error("has no filter chain", "add filter_chains with a terminal filter");
  }
  Result<proxy::FilterChainMatcher> matcher = proxy::FilterChainMatcher::make(to.chains);
  if (!matcher) {
    list.error(matcher.error().message, "make the filter_chain_match of one of them different");
    return;
  }
  to.matcher = std::move(*matcher);
}

/// "127.0.0.1_8080", as Envoy names a listener's statistics.
std::string stat_name(const lv3::Listener& from, const ListenerConfig& to) {
  if (!from.stat_prefix().empty()) return from.stat_prefix();
  if (to.addresses.empty()) return from.name();
  std::string name = to.addresses.front().to_string();
  for (char& c : name) {
    if (c == ':') c = '_';
  }
  return name;
}

/// envoy.resource_limits.listener.NAME.connection_limit in the static runtime layer.
int64_t connection_limit(const Compiler& compiler, const std::string& listener) {
  return runtime_integer(compiler.bootstrap,
                         fmt::format("envoy.resource_limits.listener.{}.connection_limit", listener))
      .value_or(0);
}

}  // namespace

std::shared_ptr<const ListenerConfig> compile_listener(const lv3::Listener& from, const Site& at, Compiler& compiler) {
  auto to = std::make_shared<ListenerConfig>();
  compiler.awaited.clear();
  compile_addresses(from, *to, at);
  to->name = !from.name().empty() ? from.name() : to->addresses.empty() ? "" : to->addresses.front().to_string();
  compile_socket(from, *to, at);
  to->use_original_destination = from.use_original_dst().value();
  compile_listener_filters(from, *to, at, compiler);
  if (from.has_listener_filters_timeout()) to->inspection_timeout = or_never(from.listener_filters_timeout());
  to->continue_on_inspection_timeout = from.continue_on_listener_filters_timeout();
  to->inbound = from.traffic_direction() == core::INBOUND;
  compiler.inbound = to->inbound;
  compiler.outbound = from.traffic_direction() == core::OUTBOUND;
  compile_chains(from, *to, at, compiler);
  if (to->inspect_tls) to->inspection_stats = compiler.shared.stats(proxy::kTlsInspectorSchema, {});
  if (to->inspect_http) to->http_inspection_stats = compiler.shared.stats(proxy::kHttpInspectorSchema, {});
  to->connection_limit = connection_limit(compiler, to->name);
  to->connections = compiler.shared.connections(to->name);
  to->ignore_global_limit = from.ignore_global_conn_limit();
  const std::string prefix = stat_name(from, *to);
  to->stats = compiler.shared.stats(proxy::kListenerSchema, {prefix, {{"envoy_listener_address", prefix}}});
  const Site logs = at / "access_log";
  to->access_logs = compile_access_logs(from.access_log(), logs, compiler);
  to->awaited = std::exchange(compiler.awaited, {});
  return to;
}

void add_listener_fields(SupportedTable& table) {
  table.add(supported<lv3::Listener>({"name",
                                      "address",
                                      "additional_addresses",
                                      "stat_prefix",
                                      "filter_chains",
                                      "default_filter_chain",
                                      "per_connection_buffer_limit_bytes",
                                      "listener_filters",
                                      "listener_filters_timeout",
                                      "continue_on_listener_filters_timeout",
                                      "transparent",
                                      "freebind",
                                      "socket_options",
                                      "tcp_fast_open_queue_length",
                                      "enable_reuse_port",
                                      "reuse_port",
                                      "access_log",
                                      "tcp_backlog_size",
                                      "max_connections_to_accept_per_socket_event",
                                      "bind_to_port",
                                      "ignore_global_conn_limit",
                                      "tcp_keepalive",
                                      "traffic_direction",
                                      "use_original_dst"})
                .must_know({"listener_filters"})
                .harmless({"metadata"}, "shown in the configuration dump")
                .harmless({"drain_type"}, "a listener drains when it is removed or the process ends")
                .harmless({"connection_balance_config"}, "the kernel balances (SO_REUSEPORT)")
                .security({"filter_chain_matcher", "internal_listener", "api_listener", "udp_listener_config",
                           "bypass_overload_manager"}));
  table.add(supported<lv3::AdditionalAddress>({"address"}));
  add_port_predicate_fields(table);
  table.add(supported<lv3::ListenerFilter>({"name", "typed_config", "filter_disabled"})
                .must_know({"typed_config"})
                .security({"config_discovery"}));
  table.add(supported<filters::proxy_protocol::v3::ProxyProtocol>(
      {"rules", "allow_requests_without_proxy_protocol", "disallowed_versions", "pass_through_tlvs", "stat_prefix"}));
  table.add(supported<filters::proxy_protocol::v3::ProxyProtocol::Rule>({"tlv_type", "on_tlv_present"}));
  table.add(supported<filters::proxy_protocol::v3::ProxyProtocol::KeyValuePair>({"metadata_namespace", "key"}));
  table.add(supported<core::ProxyProtocolPassThroughTLVs>({"match_type", "tlv_type"}));
  table.add(supported<filters::tls_inspector::v3::TlsInspector>({}).harmless({"initial_read_buffer_size"},
                                                                             "bytes are looked at in the kernel"));
  table.add(supported<filters::http_inspector::v3::HttpInspector>({}));
  table.add(supported<filters::original_dst::v3::OriginalDst>({}));
}

}  // namespace proa::config
