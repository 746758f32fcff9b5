#include "mesh/translate/authorization_custom.h"

#include <charconv>

#include "mesh/translate/authorization_match.h"
#include "mesh/translate/names.h"

namespace proa::mesh {

namespace {

using envoy::type::matcher::v3::ListStringMatcher;
using envoy::type::matcher::v3::MetadataMatcher;
using Provider = istio::mesh::v1alpha1::MeshConfig::ExtensionProvider;
using HttpExtAuthz = envoy::extensions::filters::http::ext_authz::v3::ExtAuthz;
using NetworkExtAuthz = envoy::extensions::filters::network::ext_authz::v3::ExtAuthz;

/// "shop/authz.shop.svc.cluster.local", or without a namespace. An empty text: there is no such service.
std::string host_of(const World& world, std::string_view service) {
  const std::size_t slash = service.find('/');
  const std::string_view host = slash == std::string_view::npos ? service : service.substr(slash + 1);
  for (const auto& found : world.services().named(host)) {
    if (slash == std::string_view::npos || found->ns == service.substr(0, slash)) return found->hostname;
  }
  return {};
}

ListStringMatcher headers(const google::protobuf::RepeatedPtrField<std::string>& names,
                          const google::protobuf::RepeatedPtrField<std::string>& more = {}) {
  ListStringMatcher out;
  for (const auto* list : {&names, &more}) {
    for (const std::string& name : *list) {
      *out.add_patterns() = text_match(name);
      if (name != "*") out.mutable_patterns()->rbegin()->set_ignore_case(true);
    }
  }
  return out;
}

/// Only what the RBAC filter before it has said it matches.
MetadataMatcher matched_by(const char* filter) {
  MetadataMatcher out;
  out.set_filter(filter);
  out.add_path()->set_key("istio_ext_authz_shadow_effective_policy_id");
  out.mutable_value()->mutable_string_match()->set_prefix("istio-ext-authz");
  return out;
}

template <class Settings>
void set_common(const Settings& from, HttpExtAuthz& out) {
  out.set_failure_mode_allow(from.fail_open());
  out.set_clear_route_cache(from.clear_route_cache());
  out.set_transport_api_version(envoy::config::core::v3::V3);
  *out.mutable_filter_enabled_metadata() = matched_by("envoy.filters.http.rbac");
  int status = 0;
  const std::string& text = from.status_on_error();
  std::from_chars(text.data(), text.data() + text.size(), status);
  if (envoy::type::v3::StatusCode_IsValid(status) && status != 0) {
    out.mutable_status_on_error()->set_code(static_cast<envoy::type::v3::StatusCode>(status));
  }
  if (from.has_include_request_body_in_check()) {
    const auto& body = from.include_request_body_in_check();
    out.mutable_with_request_body()->set_max_request_bytes(body.max_request_bytes());
    out.mutable_with_request_body()->set_allow_partial_message(body.allow_partial_message());
    out.mutable_with_request_body()->set_pack_as_bytes(body.pack_as_bytes());
  }
}

/// A limit must be there; the provider's DestinationRule usually has a shorter one.
google::protobuf::Duration timeout_or_default(bool given, const google::protobuf::Duration& timeout) {
  google::protobuf::Duration out = timeout;
  if (!given) out.set_seconds(600);
  return out;
}

CustomProvider over_http(const Provider::EnvoyExternalAuthorizationHttpProvider& from, const std::string& host) {
  CustomProvider out;
  set_common(from, out.http);
  auto& service = *out.http.mutable_http_service();
  service.set_path_prefix(from.path_prefix());
  service.mutable_server_uri()->set_uri("http://" + host);
  service.mutable_server_uri()->set_cluster(outbound_cluster(from.port(), "", host));
  *service.mutable_server_uri()->mutable_timeout() = timeout_or_default(from.has_timeout(), from.timeout());
  for (const auto& [name, value] : from.include_additional_headers_in_check()) {
    auto& header = *service.mutable_authorization_request()->add_headers_to_add();
    header.set_key(name);
    header.set_value(value);
  }
  auto& response = *service.mutable_authorization_response();
  if (!from.headers_to_upstream_on_allow().empty()) {
    *response.mutable_allowed_upstream_headers() = headers(from.headers_to_upstream_on_allow());
  }
  if (!from.headers_to_downstream_on_deny().empty()) {
    *response.mutable_allowed_client_headers() = headers(from.headers_to_downstream_on_deny());
  }
  if (!from.headers_to_downstream_on_allow().empty()) {
    *response.mutable_allowed_client_headers_on_success() = headers(from.headers_to_downstream_on_allow());
  }
  if (response.ByteSizeLong() == 0) service.clear_authorization_response();
  const ListStringMatcher sent = headers(from.include_request_headers_in_check(), from.include_headers_in_check());
  if (!sent.patterns().empty()) *out.http.mutable_allowed_headers() = sent;
  return out;
}

CustomProvider over_grpc(const Provider::EnvoyExternalAuthorizationGrpcProvider& from, const std::string& host) {
  CustomProvider out;
  set_common(from, out.http);
  auto& service = *out.http.mutable_grpc_service();
  service.mutable_envoy_grpc()->set_cluster_name(outbound_cluster(from.port(), "", host));
  service.mutable_envoy_grpc()->set_authority(host);
  *service.mutable_timeout() = timeout_or_default(from.has_timeout(), from.timeout());
  NetworkExtAuthz& tcp = out.tcp.emplace();
  tcp.set_stat_prefix("tcp.");
  tcp.set_failure_mode_allow(from.fail_open());
  tcp.set_transport_api_version(envoy::config::core::v3::V3);
  *tcp.mutable_grpc_service() = service;
  *tcp.mutable_filter_enabled_metadata() = matched_by("envoy.filters.network.rbac");
  return out;
}

}  // namespace

std::optional<CustomProvider> custom_provider(const World& world, std::string_view name) {
  for (const Provider& provider : world.mesh().extension_providers()) {
    if (provider.name() != name) continue;
    if (provider.has_envoy_ext_authz_http()) {
      const std::string host = host_of(world, provider.envoy_ext_authz_http().service());
      if (!host.empty()) return over_http(provider.envoy_ext_authz_http(), host);
    }
    if (provider.has_envoy_ext_authz_grpc()) {
      const std::string host = host_of(world, provider.envoy_ext_authz_grpc().service());
      if (!host.empty()) return over_grpc(provider.envoy_ext_authz_grpc(), host);
    }
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace proa::mesh
