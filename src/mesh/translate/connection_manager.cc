#include "mesh/translate/connection_manager.h"

#include <google/protobuf/util/json_util.h>

#include "envoy/extensions/filters/http/cors/v3/cors.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"
#include "envoy/extensions/filters/http/grpc_stats/v3/config.pb.h"
#include "envoy/extensions/filters/http/grpc_web/v3/grpc_web.pb.h"
#include "envoy/extensions/filters/http/router/v3/router.pb.h"
#include "envoy/extensions/request_id/uuid/v3/uuid.pb.h"
#include "mesh/translate/packed.h"

namespace proa::mesh {

namespace {

using envoy::config::listener::v3::Filter;
using envoy::config::listener::v3::ListenerFilter;
using envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;

google::protobuf::Any istio_config(const char* type, std::string_view json) {
  google::protobuf::Struct value;
  const auto parsed = google::protobuf::util::JsonStringToMessage(std::string(json), &value);
  (void)parsed;  // of constants
  return typed_struct(type, value);
}

HttpFilter istio_filter(const char* name, google::protobuf::Any config) {
  HttpFilter out;
  out.set_name(name);
  *out.mutable_typed_config() = std::move(config);
  return out;
}

/// A client learns of whom it calls and tells who it is; a server the other way round.
HttpFilter metadata_exchange(Direction direction) {
  const bool inbound = direction == Direction::inbound;
  return istio_filter(
      "istio.metadata_exchange",
      istio_config("io.istio.http.peer_metadata.Config",
                   inbound ? R"({"downstream_discovery":[{"istio_headers":{}},{"workload_discovery":{}}],
                                 "downstream_propagation":[{"istio_headers":{}}]})"
                           : R"({"upstream_discovery":[{"istio_headers":{}},{"workload_discovery":{}}],
                                 "upstream_propagation":[{"istio_headers":{}}]})"));
}

/// By the ALPN the server knows that its client is of the mesh, and what it speaks.
HttpFilter alpn() {
  return istio_filter("istio.alpn", istio_config("istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
                                                 R"({"alpn_override":[
                                        {"alpn_override":["istio-http/1.0","istio","http/1.0"]},
                                        {"upstream_protocol":"HTTP11","alpn_override":["istio-http/1.1","istio","http/1.1"]},
                                        {"upstream_protocol":"HTTP2","alpn_override":["istio-h2","istio","h2"]}]})"));
}

void set_paths(const World& world, HttpManager& out) {
  using Normalization = istio::mesh::v1alpha1::MeshConfig::ProxyPathNormalization;
  const auto kind = world.mesh().path_normalization().normalization();
  out.mutable_normalize_path()->set_value(kind != Normalization::NONE);
  out.set_merge_slashes(kind == Normalization::MERGE_SLASHES || kind == Normalization::DECODE_AND_MERGE_SLASHES);
  out.set_path_with_escaped_slashes_action(kind == Normalization::DECODE_AND_MERGE_SLASHES
                                               ? HttpManager::UNESCAPE_AND_FORWARD
                                               : HttpManager::KEEP_UNCHANGED);
}

/// What is told of a client's certificate, and to whom.
void set_client_certificate(Direction direction, HttpManager& out) {
  if (direction == Direction::outbound) return;
  const bool gateway = direction == Direction::gateway;
  out.set_forward_client_cert_details(gateway ? HttpManager::SANITIZE_SET : HttpManager::APPEND_FORWARD);
  auto& details = *out.mutable_set_current_client_cert_details();
  details.mutable_subject()->set_value(true);
  details.set_uri(true);
  details.set_dns(true);
  details.set_cert(gateway);
}

void add_filters(const ManagerFor& what, HttpFilters policies, HttpManager& out) {
  const Direction direction = what.reporting.direction;
  const auto add = [&](HttpFilter filter) { *out.add_http_filters() = std::move(filter); };
  if (what.node.istio_filters) add(metadata_exchange(direction));
  for (HttpFilter& policy : policies) add(std::move(policy));
  if (what.grpc_web) {
    add(http_filter("envoy.filters.http.grpc_web", envoy::extensions::filters::http::grpc_web::v3::GrpcWeb()));
  }
  envoy::extensions::filters::http::grpc_stats::v3::FilterConfig grpc_stats;
  grpc_stats.set_emit_filter_state(true);
  grpc_stats.mutable_stats_for_all_methods()->set_value(false);
  add(http_filter("envoy.filters.http.grpc_stats", grpc_stats));
  if (what.node.istio_filters && direction != Direction::inbound) add(alpn());
  add(http_filter("envoy.filters.http.fault", envoy::extensions::filters::http::fault::v3::HTTPFault()));
  add(http_filter("envoy.filters.http.cors", envoy::extensions::filters::http::cors::v3::Cors()));
  if (what.reporting.stats) add(istio_filter("istio.stats", *what.reporting.stats));
  add(http_filter("envoy.filters.http.router", envoy::extensions::filters::http::router::v3::Router()));
}

}  // namespace

HttpManager connection_manager(const ManagerFor& what, HttpFilters policies) {
  HttpManager out;
  const Direction direction = what.reporting.direction;
  out.set_stat_prefix(what.stat_prefix + ";");
  add_filters(what, std::move(policies), out);
  if (what.reporting.tracing) *out.mutable_tracing() = *what.reporting.tracing;
  for (const auto& log : what.reporting.logs) *out.add_access_log() = log;
  out.mutable_stream_idle_timeout();
  out.mutable_use_remote_address()->set_value(direction == Direction::gateway);
  out.set_proxy_100_continue(true);
  out.add_upgrade_configs()->set_upgrade_type("websocket");
  set_paths(what.world, out);
  set_client_certificate(direction, out);
  if (direction != Direction::outbound) out.set_server_name("istio-envoy");
  if (direction == Direction::gateway || what.node.http10) out.mutable_http_protocol_options();
  if (what.node.http10) out.mutable_http_protocol_options()->set_accept_http_10(true);
  envoy::extensions::request_id::uuid::v3::UuidRequestIdConfig ids;
  ids.mutable_use_request_id_for_trace_sampling()->set_value(true);
  *out.mutable_request_id_extension()->mutable_typed_config() = packed(ids);
  return out;
}

void use_routes(std::string name, HttpManager& manager) {
  auto& rds = *manager.mutable_rds();
  rds.set_route_config_name(std::move(name));
  rds.mutable_config_source()->mutable_ads();
  rds.mutable_config_source()->mutable_initial_fetch_timeout();
  rds.mutable_config_source()->set_resource_api_version(envoy::config::core::v3::V3);
}

Filter filter_of(const HttpManager& manager) {
  return network_filter("envoy.filters.network.http_connection_manager", manager);
}

Filter network_filter(std::string_view name, const google::protobuf::Message& config) {
  Filter out;
  out.set_name(std::string(name));
  *out.mutable_typed_config() = packed(config);
  return out;
}

HttpFilter http_filter(std::string_view name, const google::protobuf::Message& config) {
  HttpFilter out;
  out.set_name(std::string(name));
  *out.mutable_typed_config() = packed(config);
  return out;
}

ListenerFilter listener_filter(std::string_view name, const google::protobuf::Message& config) {
  ListenerFilter out;
  out.set_name(std::string(name));
  *out.mutable_typed_config() = packed(config);
  return out;
}

}  // namespace proa::mesh
