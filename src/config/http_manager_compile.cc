#include "config/http_manager_compile.h"

#include <fmt/format.h>

#include "config/access_log_compile.h"
#include "config/dynamic_sources.h"
#include "config/early_request_compile.h"
#include "config/filter_compile.h"
#include "config/http_protocol_compile.h"
#include "config/matcher_compile.h"
#include "config/route_compile.h"
#include "config/supported.h"
#include "config/tracing_compile.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/filters/http/router/v3/router.pb.h"
#include "envoy/extensions/request_id/uuid/v3/uuid.pb.h"
#include "proxy/codec_stats.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace hcm = envoy::extensions::filters::network::http_connection_manager::v3;
using hcm::HttpConnectionManager;
using proxy::ConnectionManager;

namespace {

void compile_times(const HttpConnectionManager& from, ConnectionManager& to) {
  if (from.has_stream_idle_timeout()) to.stream_idle_timeout = or_never(from.stream_idle_timeout());
  if (from.has_request_timeout()) to.request_timeout = or_never(from.request_timeout());
  if (from.has_request_headers_timeout()) {
    to.http1.head_timeout = to.http2.head_timeout = or_never(from.request_headers_timeout());
  }
  if (from.has_drain_timeout()) to.drain_timeout = milliseconds(from.drain_timeout());
  if (from.has_delayed_close_timeout()) to.delayed_close_timeout = milliseconds(from.delayed_close_timeout());
  const core::HttpProtocolOptions& common = from.common_http_protocol_options();
  if (common.has_idle_timeout()) to.idle_timeout = or_never(common.idle_timeout());
  if (common.has_max_connection_duration()) to.max_connection_duration = or_never(common.max_connection_duration());
  if (common.has_max_stream_duration()) to.max_stream_duration = or_never(common.max_stream_duration());
  if (common.has_max_requests_per_connection()) {
    to.max_requests_per_connection = common.max_requests_per_connection().value();
  }
}

void compile_codecs(const HttpConnectionManager& from, ConnectionManager& to, const Site& at) {
  switch (from.codec_type()) {
    case HttpConnectionManager::HTTP1: to.codec_type = proxy::CodecType::kHttp1; break;
    case HttpConnectionManager::HTTP2: to.codec_type = proxy::CodecType::kHttp2; break;
    default: to.codec_type = proxy::CodecType::kAuto; break;
  }
  compile_http1_options(from.http_protocol_options(), to.http1, at / "http_protocol_options");
  compile_http2_options(from.http2_protocol_options(), to.http2, at / "http2_protocol_options");
  if (from.has_common_http_protocol_options()) {
    compile_codec_limits(from.common_http_protocol_options(), to.http1);
    compile_codec_limits(from.common_http_protocol_options(), to.http2);
  } else {
    // Envoy's default: names with "_" pass. Refusing them is a choice of the edge.
    to.http1.underscores = to.http2.underscores = http::UnderscoreAction::kAllow;
  }
  if (from.has_max_request_headers_kb()) {
    to.http1.max_head_bytes = to.http2.max_head_bytes = size_t{from.max_request_headers_kb().value()} * 1024;
  }
  to.http1.high_watermark = std::min(to.http1.high_watermark, to.request_buffer_limit);
  to.http2.high_watermark = std::min(to.http2.high_watermark, to.request_buffer_limit);
}

void compile_paths(const HttpConnectionManager& from, ConnectionManager& to, const Site& at) {
  // Safe unless told otherwise (threats P1): where Envoy leaves paths alone, we normalise.
  to.paths.normalize = from.has_normalize_path() ? from.normalize_path().value() : true;
  to.paths.merge_slashes = from.merge_slashes();
  switch (from.path_with_escaped_slashes_action()) {
    case HttpConnectionManager::REJECT_REQUEST: to.paths.escaped_slashes = http::EscapedSlashes::kReject; break;
    case HttpConnectionManager::UNESCAPE_AND_REDIRECT:
      to.paths.escaped_slashes = http::EscapedSlashes::kUnescapeAndRedirect;
      break;
    case HttpConnectionManager::UNESCAPE_AND_FORWARD:
      to.paths.escaped_slashes = http::EscapedSlashes::kUnescapeAndForward;
      break;
    default: to.paths.escaped_slashes = http::EscapedSlashes::kKeep; break;
  }
  if (from.strip_matching_host_port() && from.strip_any_host_port()) {
    at.error("has both strip_matching_host_port and strip_any_host_port", "keep one");
  }
  if (from.strip_matching_host_port()) to.host_rules.strip_port = http::StripPort::kMatching;
  if (from.strip_any_host_port()) to.host_rules.strip_port = http::StripPort::kAny;
  to.host_rules.strip_trailing_dot = from.strip_trailing_host_dot();
}

proxy::ProxyStatusConfig compile_proxy_status(const HttpConnectionManager::ProxyStatusConfig& from,
                                              const ConnectionManager& to, const Site& at, const Compiler& compiler) {
  std::string_view name = from.use_node_id() ? std::string_view(compiler.service_node) : to.server_name;
  if (!from.literal_proxy_name().empty()) name = from.literal_proxy_name();
  if (!std::ranges::all_of(name, [](char c) { return c >= 0x20 && c < 0x7f; })) {
    at.error("the proxy's name must be printable ASCII", "choose another literal_proxy_name");
  }
  return {.name = proxy::proxy_status_name(name),
          .details = !from.remove_details(),
          .termination_details = !from.remove_connection_termination_details(),
          .response_flags = !from.remove_response_flags(),
          .set_recommended_code = from.set_recommended_response_code()};
}

void compile_identity(const HttpConnectionManager& from, ConnectionManager& to, const Site& at, Compiler& compiler) {
  to.use_remote_address = from.use_remote_address().value();
  to.xff_num_trusted_hops = from.xff_num_trusted_hops();
  to.skip_xff_append = from.skip_xff_append();
  const Site internal = at / "internal_address_config.cidr_ranges";
  to.internal_ranges = cidrs(from.internal_address_config().cidr_ranges(), internal);
  switch (from.forward_client_cert_details()) {
    case HttpConnectionManager::FORWARD_ONLY: to.forward_client_cert = proxy::ForwardClientCert::kForwardOnly; break;
    case HttpConnectionManager::APPEND_FORWARD:
      to.forward_client_cert = proxy::ForwardClientCert::kAppendForward;
      break;
    case HttpConnectionManager::SANITIZE_SET: to.forward_client_cert = proxy::ForwardClientCert::kSanitizeSet; break;
    case HttpConnectionManager::ALWAYS_FORWARD_ONLY:
      to.forward_client_cert = proxy::ForwardClientCert::kAlwaysForwardOnly;
      break;
    default: break;
  }
  const auto& details = from.set_current_client_cert_details();
  to.client_cert_details = {.subject = details.subject().value(),
                            .cert = details.cert(),
                            .chain = details.chain(),
                            .dns = details.dns(),
                            .uri = details.uri()};
  if (!from.server_name().empty()) to.server_name = from.server_name();
  switch (from.server_header_transformation()) {
    case HttpConnectionManager::APPEND_IF_ABSENT: to.server_header = proxy::ServerHeader::kAppendIfAbsent; break;
    case HttpConnectionManager::PASS_THROUGH: to.server_header = proxy::ServerHeader::kPassThrough; break;
    default: break;
  }
  if (from.has_proxy_status_config()) {
    to.proxy_status = compile_proxy_status(from.proxy_status_config(), to, at / "proxy_status_config", compiler);
  }
  to.via = from.via();
  to.add_user_agent = from.add_user_agent().value();
  to.service_cluster = compiler.service_cluster;
  to.service_node = compiler.service_node;
  to.append_x_forwarded_port = from.append_x_forwarded_port();
  to.generate_request_id = !from.has_generate_request_id() || from.generate_request_id().value();
  to.preserve_external_request_id = from.preserve_external_request_id();
  to.always_set_request_id_in_response = from.always_set_request_id_in_response();
  to.scheme_overwrite = from.scheme_header_transformation().scheme_to_overwrite();
  to.scheme_match_upstream = from.scheme_header_transformation().match_upstream();
  to.proxy_100_continue = from.proxy_100_continue();
}

void compile_upgrades(const HttpConnectionManager& from, ConnectionManager& to) {
  for (const auto& upgrade : from.upgrade_configs()) {
    std::string type = http::to_lower(upgrade.upgrade_type());
    to.upgrades.push_back({type, !upgrade.has_enabled() || upgrade.enabled().value()});
  }
  // The codec takes every upgrade that any route may allow; serve.cc decides for the route at hand.
  for (const proxy::UpgradeConfig& upgrade : to.upgrades) {
    if (upgrade.type != "connect") to.http1.upgrades.push_back(upgrade.type);
  }
  std::vector<std::string> of_routes = upgrades_of_routes(*to.routes->current());
  if (from.has_rds()) of_routes.push_back("websocket");  // routes that are to come may allow it
  for (const std::string& type : of_routes) {
    if (type != "connect" && std::ranges::find(to.http1.upgrades, type) == to.http1.upgrades.end()) {
      to.http1.upgrades.push_back(type);
    }
  }
}

void compile_router(const envoy::extensions::filters::http::router::v3::Router& from, ConnectionManager& to,
                    const Site& at, Compiler& compiler) {
  to.router.suppress_envoy_headers = from.suppress_envoy_headers();
  to.router.respect_expected_rq_timeout = from.respect_expected_rq_timeout();
  to.router.dynamic_stats = !from.has_dynamic_stats() || from.dynamic_stats().value();
  for (const std::string& name : from.strict_check_headers()) {  // all of the names that the API lets pass are known
    to.router.strict_headers.push_back(http::header_id(http::to_lower(name)));
  }
  const Site logs = at / "upstream_log";
  to.router.upstream_logs = compile_access_logs(from.upstream_log(), logs, compiler);
}

void compile_filters(const HttpConnectionManager& from, ConnectionManager& to, const Site& at, Compiler& compiler) {
  const Site list = at / "http_filters";
  bool router_seen = false;
  for (int i = 0; i < from.http_filters_size(); ++i) {
    const auto& filter = from.http_filters(i);
    const Site item = list[static_cast<size_t>(i)];
    const Site config = item / "typed_config";
    if (router_seen) {
      item.error("comes after the router, which is terminal", "move it before envoy.filters.http.router");
      continue;
    }
    if (!filter.has_typed_config()) {
      item.error("has no typed_config", "set typed_config with the filter's @type");
      continue;
    }
    Result<Payload> payload = open_any(filter.typed_config());
    if (!payload) {
      if (!filter.is_optional()) config.error(payload.error().message);
      continue;
    }
    const Site inside = payload->inside(config);
    if (const auto* router =
            dynamic_cast<const envoy::extensions::filters::http::router::v3::Router*>(payload->message.get())) {
      router_seen = true;
      if (filter.disabled()) (item / "disabled").error("the router cannot be turned off", "remove it");
      compile_router(*router, to, inside, compiler);
      continue;
    }
    auto compiled = compile_http_filter(*payload->message, from.stat_prefix(), inside, compiler);
    if (compiled) to.chain.add(filter.name(), std::move(compiled), filter.disabled());
  }
  if (!router_seen) list.error("does not end with the router", "add envoy.filters.http.router as the last filter");
}

/// What routes need to know to configure filters by name.
std::map<std::string, std::string, std::less<>> filter_types(const HttpConnectionManager& from) {
  std::map<std::string, std::string, std::less<>> types;
  for (const auto& filter : from.http_filters()) {
    if (Result<Payload> payload = open_any(filter.typed_config())) {
      types.emplace(filter.name(), payload->message->GetDescriptor()->full_name());
    }
  }
  return types;
}

void make_stats(ConnectionManager& to, Compiler& compiler) {
  auto group = [&](const observe::StatSchema& schema, std::string_view suffix) {
    return compiler.shared.stats(
        schema, {to.stat_prefix + std::string(suffix), {{"envoy_http_conn_manager_prefix", to.stat_prefix}}});
  };
  to.stats = group(proxy::kHttpSchema, "");
  to.http1_stats = group(proxy::kCodecSchema, ".http1");
  to.http2_stats = group(proxy::kCodecSchema, ".http2");
}

std::shared_ptr<proxy::RouteSlot> compile_route_slot(const HttpConnectionManager& from, const Site& at,
                                                     Compiler& compiler) {
  if (from.has_route_config()) {
    return std::make_shared<proxy::RouteSlot>(compile_routes(from.route_config(), at / "route_config", compiler));
  }
  if (!from.has_rds()) at.error("has no routes", "set route_config or rds");
  if (from.has_rds() && compiler.dynamic) {
    RouteSource source =
        compiler.dynamic->routes(from.rds().config_source(), from.rds().route_config_name(), at / "rds.config_source");
    if (source.slot) {
      compiler.awaited.push_back(std::move(source.arrival));
      return std::move(source.slot);
    }
  }
  return std::make_shared<proxy::RouteSlot>(*route::RouteTable::make({}));
}

}  // namespace

std::shared_ptr<const ConnectionManager> compile_http_manager(const HttpConnectionManager& from, size_t buffer_limit,
                                                              const Site& at, Compiler& compiler) {
  auto to = std::make_shared<ConnectionManager>();
  to->stat_prefix = from.stat_prefix();
  to->request_buffer_limit = buffer_limit;
  make_stats(*to, compiler);
  compiler.http_filters = filter_types(from);
  to->routes = compile_route_slot(from, at, compiler);
  compile_codecs(from, *to, at);
  compile_times(from, *to);
  compile_paths(from, *to, at);
  compile_identity(from, *to, at, compiler);
  compile_early_request(from, *to, at);
  compile_upgrades(from, *to);
  compile_filters(from, *to, at, compiler);
  if (from.has_tracing()) to->tracer = compile_tracing(from, at / "tracing", compiler);
  const Site logs = at / "access_log";
  to->access_logs = compile_access_logs(from.access_log(), logs, compiler);
  if (from.has_local_reply_config()) {
    to->local_replies = compile_local_replies(from.local_reply_config(), at / "local_reply_config", compiler);
  }
  return to;
}

void add_http_manager_fields(SupportedTable& table) {
  table.add(supported<HttpConnectionManager>({"codec_type",
                                              "stat_prefix",
                                              "route_config",
                                              "http_filters",
                                              "add_user_agent",
                                              "common_http_protocol_options",
                                              "http_protocol_options",
                                              "http2_protocol_options",
                                              "server_name",
                                              "rds",
                                              "server_header_transformation",
                                              "scheme_header_transformation",
                                              "max_request_headers_kb",
                                              "stream_idle_timeout",
                                              "request_timeout",
                                              "request_headers_timeout",
                                              "drain_timeout",
                                              "delayed_close_timeout",
                                              "access_log",
                                              "use_remote_address",
                                              "xff_num_trusted_hops",
                                              "original_ip_detection_extensions",
                                              "early_header_mutation_extensions",
                                              "internal_address_config",
                                              "skip_xff_append",
                                              "via",
                                              "generate_request_id",
                                              "preserve_external_request_id",
                                              "always_set_request_id_in_response",
                                              "forward_client_cert_details",
                                              "set_current_client_cert_details",
                                              "proxy_100_continue",
                                              "upgrade_configs",
                                              "normalize_path",
                                              "merge_slashes",
                                              "path_with_escaped_slashes_action",
                                              "local_reply_config",
                                              "strip_matching_host_port",
                                              "strip_any_host_port",
                                              "strip_trailing_host_dot",
                                              "append_x_forwarded_port",
                                              "proxy_status_config",
                                              "request_id_extension",
                                              "tracing"})
                .must_know({"http_filters", "original_ip_detection_extensions", "early_header_mutation_extensions"})
                .harmless({"stream_error_on_invalid_http_message"},
                          "an HTTP/2 stream error never ends the connection, an HTTP/1 one always does")
                .security({"path_normalization_options", "typed_header_validation_config", "scoped_routes"}));
  table.add(supported<hcm::HttpFilter>({"name", "typed_config", "is_optional", "disabled"})
                .must_know({"typed_config"})
                .security({"config_discovery"}));
  table.add(supported<hcm::Rds>({"config_source", "route_config_name"}));
  table.add(supported<hcm::HttpConnectionManager::InternalAddressConfig>({"cidr_ranges"})
                .harmless({"unix_sockets"}, "a Unix socket has no address that could be internal"));
  table.add(
      supported<hcm::HttpConnectionManager::SetCurrentClientCertDetails>({"subject", "cert", "chain", "dns", "uri"}));
  table.add(supported<hcm::HttpConnectionManager::UpgradeConfig>({"upgrade_type", "enabled"}).security({"filters"}));
  table.add(supported<core::SchemeHeaderTransformation>({"scheme_to_overwrite", "match_upstream"}));
  table.add(supported<hcm::HttpConnectionManager::ProxyStatusConfig>(
      {"remove_details", "remove_connection_termination_details", "remove_response_flags",
       "set_recommended_response_code", "use_node_id", "literal_proxy_name"}));
  table.add(supported<hcm::RequestIDExtension>({"typed_config"}));
  table.add(supported<envoy::extensions::request_id::uuid::v3::UuidRequestIdConfig>(
      {"pack_trace_reason", "use_request_id_for_trace_sampling"}));
  table.add(supported<envoy::extensions::filters::http::router::v3::Router>(
                {"suppress_envoy_headers", "respect_expected_rq_timeout", "upstream_log", "dynamic_stats",
                 "strict_check_headers"})
                .harmless({"start_child_span"}, "a child span is made where the tracing says so")
                .security({"upstream_http_filters"}));
}

}  // namespace proa::config
