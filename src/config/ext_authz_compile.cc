#include "config/ext_authz_compile.h"

#include <fmt/format.h>

#include "config/matcher_compile.h"
#include "config/supported.h"
#include "config/values.h"
#include "http/string_matcher.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace v3 = envoy::extensions::filters::http::ext_authz::v3;
namespace network = envoy::extensions::filters::network::ext_authz::v3;
using filters::AuthorizationService;
using filters::ExtAuthzConfig;

namespace {

std::vector<http::StringMatcher> matchers(const envoy::type::matcher::v3::ListStringMatcher& from, const Site& at) {
  std::vector<http::StringMatcher> to;
  const Site patterns = at / "patterns";
  for (int i = 0; i < from.patterns_size(); ++i) {
    const Site item = patterns[static_cast<size_t>(i)];
    if (auto matcher = string_matcher(from.patterns(i), item)) to.push_back(std::move(*matcher));
  }
  return to;
}

void compile_grpc(const core::GrpcService& from, AuthorizationService& to, const Site& at) {
  if (!from.has_envoy_grpc()) at.error("is not envoy_grpc", "name a cluster in envoy_grpc");
  to.grpc = true;
  to.cluster = from.envoy_grpc().cluster_name();
  to.authority = from.envoy_grpc().authority();
  if (from.has_timeout()) to.timeout = or_never(from.timeout());
  for (const auto& header : from.initial_metadata()) {
    to.more_headers.emplace_back(http::to_lower(header.key()), header.value());
  }
}

void compile_http(const v3::HttpService& from, AuthorizationService& to, const Site& at) {
  to.cluster = from.server_uri().cluster();
  if (from.server_uri().has_timeout()) to.timeout = or_never(from.server_uri().timeout());
  to.path_prefix = from.path_prefix();
  const auto& request = from.authorization_request();
  for (const auto& header : request.headers_to_add()) {
    to.more_headers.emplace_back(http::to_lower(header.key()), header.value());
  }
  const Site response = at / "authorization_response";
  const auto& answer = from.authorization_response();
  to.upstream_headers = matchers(answer.allowed_upstream_headers(), response / "allowed_upstream_headers");
  to.upstream_headers_appended =
      matchers(answer.allowed_upstream_headers_to_append(), response / "allowed_upstream_headers_to_append");
  to.client_headers = matchers(answer.allowed_client_headers(), response / "allowed_client_headers");
  to.client_headers_on_success =
      matchers(answer.allowed_client_headers_on_success(), response / "allowed_client_headers_on_success");
}

}  // namespace

std::shared_ptr<const ExtAuthzConfig> compile_ext_authz(const v3::ExtAuthz& from, const Site& at) {
  auto to = std::make_shared<ExtAuthzConfig>();
  if (from.has_grpc_service()) {
    compile_grpc(from.grpc_service(), to->service, at / "grpc_service");
  } else if (from.has_http_service()) {
    compile_http(from.http_service(), to->service, at / "http_service");
  } else {
    at.error("names no service", "set grpc_service or http_service");
  }
  to->service.allowed = matchers(from.allowed_headers(), at / "allowed_headers");
  to->service.disallowed = matchers(from.disallowed_headers(), at / "disallowed_headers");
  to->service.include_certificate = from.include_peer_certificate();
  to->failure_allows = from.failure_mode_allow();
  to->tell_of_failure = from.failure_mode_allow_header_add();
  to->clear_route = from.clear_route_cache();
  if (from.status_on_error().code() >= 400) to->status_on_error = static_cast<uint16_t>(from.status_on_error().code());
  if (from.has_filter_enabled()) to->enabled = fraction(from.filter_enabled());
  if (from.has_filter_enabled_metadata()) {
    to->enabled_by_metadata = metadata_matcher(from.filter_enabled_metadata(), observe::MetadataSource::kDynamic,
                                               at / "filter_enabled_metadata");
  }
  to->deny_when_disabled = from.deny_at_disable().default_value().value();
  return to;
}

std::shared_ptr<const ExtAuthzConfig> compile_network_ext_authz(const network::ExtAuthz& from, const Site& at) {
  auto to = std::make_shared<ExtAuthzConfig>();
  compile_grpc(from.grpc_service(), to->service, at / "grpc_service");
  to->service.include_certificate = from.include_peer_certificate();
  to->failure_allows = from.failure_mode_allow();
  if (from.has_filter_enabled_metadata()) {
    to->enabled_by_metadata = metadata_matcher(from.filter_enabled_metadata(), observe::MetadataSource::kDynamic,
                                               at / "filter_enabled_metadata");
  }
  return to;
}

std::shared_ptr<filters::ExtAuthzRouteConfig> compile_ext_authz_route(const v3::ExtAuthzPerRoute& from) {
  auto to = std::make_shared<filters::ExtAuthzRouteConfig>();
  to->disabled = from.disabled();
  for (const auto& [name, value] : from.check_settings().context_extensions()) to->context.emplace_back(name, value);
  return to;
}

void add_ext_authz_fields(SupportedTable& table) {
  table.add(supported<v3::ExtAuthz>({"grpc_service", "http_service", "transport_api_version", "failure_mode_allow",
                                     "failure_mode_allow_header_add", "clear_route_cache", "status_on_error",
                                     "filter_enabled", "filter_enabled_metadata", "deny_at_disable",
                                     "include_peer_certificate", "allowed_headers", "disallowed_headers"})
                .harmless({"stat_prefix"}, "there is one set of counters")
                .harmless({"validate_mutations"}, "a change that would break the request is left out")
                .security({"with_request_body", "metadata_context_namespaces", "typed_metadata_context_namespaces",
                           "route_metadata_context_namespaces", "bootstrap_metadata_labels_key",
                           "decoder_header_mutation_rules"}));
  table.add(
      supported<v3::HttpService>({"server_uri", "path_prefix", "authorization_request", "authorization_response"}));
  table.add(supported<envoy::type::matcher::v3::ListStringMatcher>({"patterns"}));
  table.add(supported<v3::AuthorizationRequest>({"headers_to_add"}).security({"allowed_headers"}));
  table.add(supported<v3::AuthorizationResponse>({"allowed_upstream_headers", "allowed_upstream_headers_to_append",
                                                  "allowed_client_headers", "allowed_client_headers_on_success"}));
  table.add(supported<v3::ExtAuthzPerRoute>({"disabled", "check_settings"}));
  table.add(supported<v3::CheckSettings>({"context_extensions"})
                .harmless({"disable_request_body_buffering"}, "the body is not looked at"));
  table.add(supported<network::ExtAuthz>({"grpc_service", "failure_mode_allow", "include_peer_certificate",
                                          "transport_api_version", "filter_enabled_metadata", "stat_prefix"})
                .security({"metadata_context_namespaces", "typed_metadata_context_namespaces",
                           "bootstrap_metadata_labels_key"}));
  table.add(supported<core::RuntimeFeatureFlag>({"default_value"}).harmless({"runtime_key"}, "the default is used"));
}

}  // namespace proa::config
