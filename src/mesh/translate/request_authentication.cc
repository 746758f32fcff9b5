#include "mesh/translate/request_authentication.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "envoy/extensions/filters/http/jwt_authn/v3/config.pb.h"
#include "mesh/translate/attached_policies.h"
#include "mesh/translate/names.h"

namespace proa::mesh {

namespace {

using envoy::extensions::filters::http::jwt_authn::v3::JwtAuthentication;
using envoy::extensions::filters::http::jwt_authn::v3::JwtProvider;
using envoy::extensions::filters::http::jwt_authn::v3::JwtRequirement;
using istio::security::v1beta1::JWTRule;

/// The cluster of the service that serves a URI. A cluster without endpoints if there is none: tokens that cannot be
/// verified are refused.
std::string cluster_of(const World& world, std::string_view uri) {
  const std::size_t scheme = uri.find("://");
  if (scheme == std::string_view::npos) return std::string(kBlackHole);
  std::uint32_t port = uri.starts_with("https") ? 443 : 80;
  std::string_view host = uri.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?"));
  if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos) {
    const std::string_view digits = host.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    host = host.substr(0, colon);
  }
  for (const auto& service : world.services().named(host)) {
    if (service->port(port) != nullptr) return outbound_cluster(port, "", host);
  }
  return std::string(kBlackHole);
}

void set_keys(const World& world, const JWTRule& rule, JwtProvider& out) {
  if (!rule.jwks().empty()) {
    out.mutable_local_jwks()->set_inline_string(rule.jwks());
    return;
  }
  auto& remote = *out.mutable_remote_jwks();
  remote.mutable_http_uri()->set_uri(rule.jwks_uri());
  remote.mutable_http_uri()->set_cluster(cluster_of(world, rule.jwks_uri()));
  *remote.mutable_http_uri()->mutable_timeout() = rule.timeout();
  if (!rule.has_timeout()) remote.mutable_http_uri()->mutable_timeout()->set_seconds(5);
  remote.mutable_cache_duration()->set_seconds(5 * 60);
}

JwtProvider provider_of(const World& world, const JWTRule& rule) {
  JwtProvider out;
  out.set_issuer(rule.issuer());
  *out.mutable_audiences() = rule.audiences();
  set_keys(world, rule, out);
  out.set_forward(rule.forward_original_token());
  for (const auto& header : rule.from_headers()) {
    auto& to = *out.add_from_headers();
    to.set_name(header.name());
    to.set_value_prefix(header.prefix());
  }
  *out.mutable_from_params() = rule.from_params();
  *out.mutable_from_cookies() = rule.from_cookies();
  out.set_forward_payload_header(rule.output_payload_to_header());
  for (const auto& claim : rule.output_claim_to_headers()) {
    auto& to = *out.add_claim_to_headers();
    to.set_header_name(claim.header());
    to.set_claim_name(claim.claim());
  }
  // Where AuthorizationPolicies look for claims.
  out.set_payload_in_metadata("payload");
  auto& split = *out.mutable_normalize_payload_in_metadata();
  split.add_space_delimited_claims("permission");
  split.add_space_delimited_claims("scope");
  for (const std::string& claim : rule.space_delimited_claims()) split.add_space_delimited_claims(claim);
  return out;
}

JwtRequirement named(const std::string& provider) {
  JwtRequirement out;
  out.set_provider_name(provider);
  return out;
}

JwtRequirement or_missing(const std::string& provider) {
  JwtRequirement out;
  auto& any = *out.mutable_requires_any();
  *any.add_requirements() = named(provider);
  any.add_requirements()->mutable_allow_missing();
  return out;
}

/// One of the issuers vouches for the request, or each accepts it, for which it may lack a token.
JwtRequirement requirement(const std::vector<std::string>& providers) {
  if (providers.size() == 1) return or_missing(providers.front());
  JwtRequirement out;
  auto& any = *out.mutable_requires_any();
  for (const std::string& provider : providers) *any.add_requirements() = named(provider);
  auto& all = *any.add_requirements()->mutable_requires_all();
  for (const std::string& provider : providers) *all.add_requirements() = or_missing(provider);
  return out;
}

}  // namespace

std::optional<envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter> request_authentication(
    const World& world, const ProxyNode& node) {
  const auto policies = attached_policies<RequestAuthentication>(world, node);
  std::vector<const JWTRule*> rules;
  for (const auto& policy : policies) {
    for (const JWTRule& rule : policy->spec.jwt_rules()) rules.push_back(&rule);
  }
  if (rules.empty()) return std::nullopt;
  std::ranges::stable_sort(rules, {}, [](const JWTRule* rule) -> const std::string& { return rule->issuer(); });
  JwtAuthentication out;
  std::vector<std::string> providers;
  for (const JWTRule* rule : rules) {
    providers.push_back(fmt::format("origins-{}", providers.size()));
    (*out.mutable_providers())[providers.back()] = provider_of(world, *rule);
  }
  auto& all = *out.add_rules();
  all.mutable_match()->set_prefix("/");
  *all.mutable_requires() = requirement(providers);
  out.set_bypass_cors_preflight(true);
  return http_filter("envoy.filters.http.jwt_authn", out);
}

}  // namespace proa::mesh
