#include "config/jwt_authn_compile.h"

#include <fmt/format.h>

#include "config/route_compile.h"
#include "config/supported.h"
#include "config/values.h"
#include "http/string_matcher.h"

namespace proa::config {

namespace v3 = envoy::extensions::filters::http::jwt_authn::v3;
using filters::JwtProvider;
using filters::JwtRequirement;
using Providers = std::map<std::string, std::shared_ptr<const JwtProvider>, std::less<>>;

namespace {

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::shared_ptr<const filters::Jwks> compile_keys(const v3::JwtProvider& from, const Site& at) {
  const Site keys = at / "local_jwks";
  if (!from.has_local_jwks()) {
    at.error("has no local_jwks", "give the keys: they are not fetched");
    return nullptr;
  }
  auto text = data(from.local_jwks(), keys);
  if (!text) return nullptr;
  auto jwks = filters::Jwks::parse(*text);
  if (jwks) return std::make_shared<const filters::Jwks>(std::move(*jwks));
  keys.error(jwks.error().message);
  return nullptr;
}

std::shared_ptr<const JwtProvider> compile_provider(const std::string& name, const v3::JwtProvider& from,
                                                    const Site& at) {
  auto to = std::make_shared<JwtProvider>();
  to->name = name;
  to->issuer = from.issuer();
  to->audiences.assign(from.audiences().begin(), from.audiences().end());
  to->keys = compile_keys(from, at);
  for (const auto& header : from.from_headers()) {
    to->from_headers.push_back({http::to_lower(header.name()), header.value_prefix()});
  }
  to->from_params.assign(from.from_params().begin(), from.from_params().end());
  to->from_cookies.assign(from.from_cookies().begin(), from.from_cookies().end());
  to->forward = from.forward();
  to->payload_header = http::to_lower(from.forward_payload_header());
  to->pad_payload_header = from.pad_forward_payload_header();
  to->payload_in_metadata = from.payload_in_metadata();
  const auto& lists = from.normalize_payload_in_metadata().space_delimited_claims();
  to->list_claims.assign(lists.begin(), lists.end());
  for (const auto& claim : from.claim_to_headers()) {
    to->claims_to_headers.push_back({http::to_lower(claim.header_name()), split(claim.claim_name(), '.')});
  }
  to->clear_route = from.clear_route_cache();
  if (from.clock_skew_seconds()) to->clock_skew = std::chrono::seconds(from.clock_skew_seconds());
  to->require_expiration = from.require_expiration();
  return to->keys ? to : nullptr;
}

JwtRequirement of_provider(const std::string& name, const Providers& providers, const Site& at) {
  JwtRequirement to;
  auto found = providers.find(name);
  if (found == providers.end()) {
    at.error(fmt::format("there is no provider {}", shown(name)), "name one of providers");
  } else {
    to.provider = found->second;
  }
  return to;
}

JwtRequirement compile_requirement(const v3::JwtRequirement& from, const Providers& providers, const Site& at);

template <class List>
std::vector<JwtRequirement> compile_parts(const List& from, const Providers& providers, const Site& at) {
  std::vector<JwtRequirement> parts;
  const Site list = at / "requirements";
  for (int i = 0; i < from.requirements_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    parts.push_back(compile_requirement(from.requirements(i), providers, item));
  }
  return parts;
}

JwtRequirement compile_requirement(const v3::JwtRequirement& from, const Providers& providers, const Site& at) {
  using Kind = JwtRequirement::Kind;
  JwtRequirement to;
  switch (from.requires_type_case()) {
    case v3::JwtRequirement::kProviderName: return of_provider(from.provider_name(), providers, at / "provider_name");
    case v3::JwtRequirement::kProviderAndAudiences: {
      const auto& both = from.provider_and_audiences();
      to = of_provider(both.provider_name(), providers, at / "provider_and_audiences.provider_name");
      to.audiences.emplace(both.audiences().begin(), both.audiences().end());
      return to;
    }
    case v3::JwtRequirement::kRequiresAny:
      to.kind = Kind::kAny;
      to.parts = compile_parts(from.requires_any(), providers, at / "requires_any");
      return to;
    case v3::JwtRequirement::kRequiresAll:
      to.kind = Kind::kAll;
      to.parts = compile_parts(from.requires_all(), providers, at / "requires_all");
      return to;
    case v3::JwtRequirement::kAllowMissing: to.kind = Kind::kAllowMissing; return to;
    case v3::JwtRequirement::kAllowMissingOrFailed: to.kind = Kind::kAllowMissingOrFailed; return to;
    default: at.error("requires nothing that is known"); return to;
  }
}

void compile_rules(const v3::JwtAuthentication& from, const Providers& providers, filters::JwtAuthnConfig& to,
                   const Site& at) {
  route::VirtualHostSpec host;
  host.domains = {"*"};
  const Site rules = at / "rules";
  for (int i = 0; i < from.rules_size(); ++i) {
    const auto& rule = from.rules(i);
    const Site item = rules[static_cast<size_t>(i)];
    route::RouteSpec route;
    route.match = compile_route_match(rule.match(), item / "match");
    host.routes.push_back(std::move(route));
    auto& requirement = to.requirements.emplace_back();
    if (rule.has_requires()) {
      requirement = compile_requirement(rule.requires_(), providers, item / "requires");
    } else if (!rule.requirement_name().empty()) {
      auto named = to.named.find(rule.requirement_name());
      if (named == to.named.end()) {
        (item / "requirement_name").error("names no entry of requirement_map", "name one that is there");
      } else {
        requirement = named->second;
      }
    }
  }
  route::RouteTableSpec table;
  table.virtual_hosts.push_back(std::move(host));
  auto made = route::RouteTable::make(std::move(table));
  made ? void(to.rules = std::move(*made)) : rules.error(made.error().message);
}

}  // namespace

filters::JwtAuthnConfig compile_jwt_authn(const v3::JwtAuthentication& from, const Site& at) {
  filters::JwtAuthnConfig to;
  Providers providers;
  const Site list = at / "providers";
  const std::map<std::string, v3::JwtProvider> sorted(from.providers().begin(), from.providers().end());
  for (const auto& [name, provider] : sorted) {
    const Site item = list.entry(name);
    if (auto compiled = compile_provider(name, provider, item)) {
      providers.emplace(name, compiled);
      to.providers.push_back(std::move(compiled));
    }
  }
  if (to.providers.size() != sorted.size()) return to;  // what follows would complain of them again
  const Site named = at / "requirement_map";
  for (const auto& [name, requirement] : from.requirement_map()) {
    const Site item = named.entry(name);
    to.named.emplace(name, compile_requirement(requirement, providers, item));
  }
  compile_rules(from, providers, to, at);
  to.bypass_cors_preflight = from.bypass_cors_preflight();
  to.strip_failure_response = from.strip_failure_response();
  return to;
}

std::shared_ptr<filters::JwtRouteConfig> compile_jwt_route(const v3::PerRouteConfig& from) {
  auto to = std::make_shared<filters::JwtRouteConfig>();
  to->disabled = from.disabled();
  to->requirement = from.requirement_name();
  return to;
}

void add_jwt_authn_fields(SupportedTable& table) {
  table.add(supported<v3::JwtAuthentication>(
                {"providers", "rules", "bypass_cors_preflight", "requirement_map", "strip_failure_response"})
                .harmless({"stat_prefix"}, "there is one set of counters")
                .security({"filter_state_rules"}));
  table.add(supported<v3::JwtProvider>({"issuer", "audiences", "local_jwks", "forward", "from_headers", "from_params",
                                        "from_cookies", "forward_payload_header", "pad_forward_payload_header",
                                        "payload_in_metadata", "normalize_payload_in_metadata", "claim_to_headers",
                                        "clear_route_cache", "clock_skew_seconds", "require_expiration"})
                .harmless({"jwt_cache_config"}, "each token is verified")
                .security({"remote_jwks", "subjects", "max_lifetime"}));
  table.add(supported<v3::JwtProvider::NormalizePayload>({"space_delimited_claims"}));
  table.add(supported<v3::JwtHeader>({"name", "value_prefix"}));
  table.add(supported<v3::JwtClaimToHeader>({"header_name", "claim_name"}));
  table.add(supported<v3::RequirementRule>({"match", "requires", "requirement_name"}));
  table.add(supported<v3::JwtRequirement>({"provider_name", "provider_and_audiences", "requires_any", "requires_all",
                                           "allow_missing", "allow_missing_or_failed"})
                .security({"extract_only_without_validation"}));
  table.add(supported<v3::ProviderWithAudiences>({"provider_name", "audiences"}));
  table.add(supported<v3::JwtRequirementOrList>({"requirements"}));
  table.add(supported<v3::JwtRequirementAndList>({"requirements"}));
  table.add(supported<v3::PerRouteConfig>({"disabled", "requirement_name"}));
}

}  // namespace proa::config
