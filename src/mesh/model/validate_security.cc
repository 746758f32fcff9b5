#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "mesh/model/checks.h"
#include "mesh/model/validate.h"

namespace proa::mesh {

namespace {

using config::shown;
using config::Site;
using namespace istio::security::v1beta1;
using PeerSpec = ::istio::security::v1beta1::PeerAuthentication;
using RequestSpec = ::istio::security::v1beta1::RequestAuthentication;
using PolicySpec = ::istio::security::v1beta1::AuthorizationPolicy;

void check_port_text(const std::string& text, const Site& at) {
  std::uint32_t port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || port > 65535) {
    at.error(fmt::format("is {}, which is no port", shown(text)));
  }
}

/// "foo", "foo*", "*foo" or "*".
void check_wildcard(const std::string& value, const Site& at) {
  const auto stars = std::ranges::count(value, '*');
  if (stars > 1 || (stars == 1 && value.front() != '*' && value.back() != '*')) {
    at.error(fmt::format("is {}, but a '*' may stand once, at the beginning or the end", shown(value)));
  }
}

void check_service_account(const std::string& value, const Site& at) {
  const auto slashes = std::ranges::count(value, '/');
  if (value.find('*') != std::string::npos) return at.error(fmt::format("is {}, but knows no '*'", shown(value)));
  if (slashes > 1 || value.empty() || value.starts_with('/') || value.ends_with('/') || value.size() > 320) {
    at.error(fmt::format("is {}, but must be ACCOUNT or NAMESPACE/ACCOUNT", shown(value)));
  }
}

/// "{*}" is one segment, "{**}" the rest, and other braces mean nothing.
void check_path(const std::string& path, const Site& at) {
  std::string_view rest = path;
  bool rest_taken = false;
  while (!rest.empty()) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
    if (segment == "{*}" || segment == "{**}") {
      if (rest_taken) return at.error(fmt::format("is {}, but {{**}} comes last", shown(path)));
      rest_taken = segment == "{**}";
    } else if (segment.find_first_of("{}") != std::string_view::npos) {
      return at.error(fmt::format("is {}, but a segment is {{*}}, {{**}} or has no braces", shown(path)));
    }
  }
}

/// One list of a source or an operation: none of its values is empty, and each passes `check`.
template <class Check>
void check_values(const Texts& values, std::string_view field, const Site& at, Check&& check) {
  const Site list = at / field;
  if (values.empty() && at.marks().has(list.path())) list.error("is an empty list", "remove it");
  check_each(values, list, [&](const std::string& value, const Site& place) {
    if (value.empty()) return place.error("is empty");
    check(value, place);
  });
}

void anything(const std::string&, const Site&) {}

bool empty(const Source& s) {
  return s.principals().empty() && s.not_principals().empty() && s.request_principals().empty() &&
         s.not_request_principals().empty() && s.namespaces().empty() && s.not_namespaces().empty() &&
         s.ip_blocks().empty() && s.not_ip_blocks().empty() && s.remote_ip_blocks().empty() &&
         s.not_remote_ip_blocks().empty() && s.service_accounts().empty() && s.not_service_accounts().empty() &&
         s.trust_domains().empty() && s.not_trust_domains().empty();
}

bool empty(const Operation& o) {
  return o.hosts().empty() && o.not_hosts().empty() && o.ports().empty() && o.not_ports().empty() &&
         o.methods().empty() && o.not_methods().empty() && o.paths().empty() && o.not_paths().empty();
}

void check_source(const Source& source, bool custom, const Site& at) {
  if (empty(source)) return at.error("is empty", "remove the rule's from, or say whom it means");
  const bool names = !source.principals().empty() || !source.not_principals().empty() || !source.namespaces().empty() ||
                     !source.not_namespaces().empty();
  if (names && (!source.service_accounts().empty() || !source.not_service_accounts().empty())) {
    at.error("has serviceAccounts beside namespaces or principals", "keep one of them");
  }
  const auto check = [&](const Texts& values, std::string_view field, auto&& rule, bool identity) {
    check_values(values, field, at, rule);
    if (custom && identity && !values.empty()) {
      (at / field).error("does not go with the action CUSTOM", "it is for ALLOW, DENY and AUDIT");
    }
  };
  check(source.principals(), "principals", anything, true);
  check(source.not_principals(), "notPrincipals", anything, true);
  check(source.request_principals(), "requestPrincipals", anything, true);
  check(source.not_request_principals(), "notRequestPrincipals", anything, true);
  check(source.namespaces(), "namespaces", anything, true);
  check(source.not_namespaces(), "notNamespaces", anything, true);
  check(source.service_accounts(), "serviceAccounts", check_service_account, true);
  check(source.not_service_accounts(), "notServiceAccounts", check_service_account, true);
  check(source.trust_domains(), "trustDomains", check_wildcard, true);
  check(source.not_trust_domains(), "notTrustDomains", check_wildcard, true);
  check(source.ip_blocks(), "ipBlocks", check_ip_or_range, false);
  check(source.not_ip_blocks(), "notIpBlocks", check_ip_or_range, false);
  check(source.remote_ip_blocks(), "remoteIpBlocks", check_ip_or_range, false);
  check(source.not_remote_ip_blocks(), "notRemoteIpBlocks", check_ip_or_range, false);
}

void check_operation(const Operation& operation, const Site& at) {
  if (empty(operation)) return at.error("is empty", "remove the rule's to, or say what it means");
  check_values(operation.hosts(), "hosts", at, anything);
  check_values(operation.not_hosts(), "notHosts", at, anything);
  check_values(operation.ports(), "ports", at, check_port_text);
  check_values(operation.not_ports(), "notPorts", at, check_port_text);
  check_values(operation.methods(), "methods", at, anything);
  check_values(operation.not_methods(), "notMethods", at, anything);
  check_values(operation.paths(), "paths", at, check_path);
  check_values(operation.not_paths(), "notPaths", at, check_path);
}

/// "request.headers[x]": a key that names something within.
bool has_inner_key(std::string_view key) {
  const std::size_t open = key.find('[');
  return key.ends_with(']') && open != std::string_view::npos && open > 0 && open + 2 < key.size();
}

void check_condition(const Condition& condition, bool custom, const Site& at) {
  const std::string& key = condition.key();
  const Site place = at / "key";
  if (key.empty()) return place.error("is missing");
  if (condition.values().empty() && condition.not_values().empty()) at.error("has neither values nor notValues");
  const auto check = [&](auto&& rule) {
    check_values(condition.values(), "values", at, rule);
    check_values(condition.not_values(), "notValues", at, rule);
  };
  const bool identity = key == "source.namespace" || key == "source.serviceAccount" || key == "source.trustDomain" ||
                        key == "source.principal" || key.starts_with("request.auth.");
  if (custom && identity) place.error(fmt::format("{} does not go with the action CUSTOM", shown(key)));
  if (key.starts_with("request.headers") || key.starts_with("request.auth.claims") ||
      key.starts_with("experimental.envoy.filters.")) {
    if (!has_inner_key(key)) {
      place.error(fmt::format("is {}, but names nothing within", shown(key)), "write as request.headers[x-name]");
    }
    return check(anything);
  }
  if (key == "source.ip" || key == "remote.ip" || key == "destination.ip") return check(check_ip_or_range);
  if (key == "destination.port") return check(check_port_text);
  if (key == "source.serviceAccount") return check(check_service_account);
  if (key == "source.trustDomain") return check(check_wildcard);
  for (const std::string_view known : {"source.namespace", "source.principal", "request.auth.principal",
                                       "request.auth.audiences", "request.auth.presenter", "connection.sni"}) {
    if (key == known) return check(anything);
  }
  place.error(fmt::format("is {}, which is no attribute", shown(key)),
              "see the conditions of Istio's AuthorizationPolicy, such as request.headers[x-name]");
}

bool uses_tcp(const Rule& rule) {
  const auto source = [](const Source& s) {
    return !s.principals().empty() || !s.not_principals().empty() || !s.ip_blocks().empty() ||
           !s.not_ip_blocks().empty() || !s.namespaces().empty() || !s.not_namespaces().empty() ||
           !s.remote_ip_blocks().empty() || !s.not_remote_ip_blocks().empty() || !s.service_accounts().empty() ||
           !s.not_service_accounts().empty();
  };
  if (!rule.to().empty()) {
    return std::ranges::any_of(rule.to(), [](const Rule::To& to) {
      return !to.operation().ports().empty() || !to.operation().not_ports().empty();
    });
  }
  return rule.from().empty() ||
         std::ranges::any_of(rule.from(), [&](const Rule::From& from) { return source(from.source()); });
}

void check_rule(const Rule& rule, const PolicySpec& policy, const Site& at) {
  const bool custom = policy.action() == PolicySpec::CUSTOM;
  const Site from = at / "from";
  const Site to = at / "to";
  const Site when = at / "when";
  const auto not_empty = [](const auto& list, const Site& place) {
    if (list.empty() && place.marks().has(place.path())) place.error("is an empty list", "remove it");
  };
  not_empty(rule.from(), from);
  not_empty(rule.to(), to);
  check_each(rule.from(), from, [&](const Rule::From& each, const Site& place) {
    if (!each.has_source()) return place.error("has no source");
    check_source(each.source(), custom, place / "source");
  });
  check_each(rule.to(), to, [](const Rule::To& each, const Site& place) {
    if (!each.has_operation()) return place.error("has no operation");
    check_operation(each.operation(), place / "operation");
  });
  check_each(rule.when(), when,
             [&](const Condition& each, const Site& place) { check_condition(each, custom, place); });
  if (policy.action() == PolicySpec::DENY && !uses_tcp(rule)) {
    at.warning("matches HTTP only, so as a DENY rule it denies all plain TCP connections", "name ports");
  }
}

void check_jwks(const std::string& text, const Site& at) {
  const auto jwks = nlohmann::json::parse(text, nullptr, false);
  if (jwks.is_discarded()) return at.error("is no JSON");
  if (!jwks.is_object() || (!jwks.contains("keys") && !jwks.contains("kty"))) {
    return at.error("is no set of keys", "a JWKS has \"keys\"");
  }
  for (const auto& key : jwks.value("keys", nlohmann::json::array())) {
    if (key.is_object() && (key.contains("d") || key.contains("k"))) {
      at.warning("holds a private key, which is not needed to verify", "give the public half only");
    }
  }
}

void check_jwt_rule(const JWTRule& rule, const Site& at) {
  const Site audiences = at / "audiences";
  check_no_empty(rule.audiences(), audiences);
  if (rule.issuer().empty() && rule.jwks_uri().empty()) (at / "issuer").error("is missing", "set issuer or jwksUri");
  if (!rule.jwks_uri().empty() && !rule.jwks_uri().starts_with("http://") && !rule.jwks_uri().starts_with("https://")) {
    (at / "jwksUri").error(fmt::format("is {}, but must begin with http:// or https://", shown(rule.jwks_uri())));
  }
  if (!rule.jwks().empty()) check_jwks(rule.jwks(), at / "jwks");
  const Site headers = at / "fromHeaders";
  check_each(rule.from_headers(), headers, [](const JWTHeader& header, const Site& place) {
    if (header.name().empty()) (place / "name").error("is missing");
  });
  check_no_empty(rule.from_params(), at / "fromParams");
  check_no_empty(rule.from_cookies(), at / "fromCookies");
  const Site claims = at / "outputClaimToHeaders";
  check_each(rule.output_claim_to_headers(), claims, [](const ClaimToHeader& claim, const Site& place) {
    if (claim.claim().empty()) (place / "claim").error("is missing");
    if (claim.header().empty()) return (place / "header").error("is missing");
    const bool good = std::ranges::all_of(claim.header(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    });
    if (!good) (place / "header").error(fmt::format("is {}, which is no name of a header", shown(claim.header())));
  });
  if (rule.has_timeout()) check_duration(rule.timeout(), at / "timeout");
}

}  // namespace

void validate(const PeerSpec& spec, const Site& at) {
  const Site ports = at / "portLevelMtls";
  if (spec.has_selector()) check_selector(spec.selector().match_labels(), at / "selector");
  if (spec.selector().match_labels().empty() && !spec.port_level_mtls().empty()) {
    ports.error("is set, but without a selector nobody has these ports", "select the workloads it is for");
  }
  if (spec.port_level_mtls().empty() && at.marks().has(ports.path())) ports.error("is empty", "remove it");
  for (const auto& [port, mtls] : spec.port_level_mtls()) {
    const std::string key = std::to_string(port);
    check_port(port, ports.entry(key));
  }
}

void validate(const RequestSpec& spec, const Site& at) {
  check_attachment(spec, at);
  const Site rules = at / "jwtRules";
  check_each(spec.jwt_rules(), rules, check_jwt_rule);
}

void validate(const PolicySpec& spec, const Site& at) {
  check_attachment(spec, at);
  const Site rules = at / "rules";
  const bool custom = spec.action() == PolicySpec::CUSTOM;
  if (custom && spec.provider().name().empty()) (at / "provider.name").error("is missing, as action is CUSTOM");
  if (!custom && spec.has_provider()) {
    (at / "provider").error("is set, but action is not CUSTOM", "remove it");
  }
  if (spec.rules().empty() && (custom || spec.action() == PolicySpec::DENY)) {
    rules.error(
        fmt::format("is missing: a {} policy without rules never matches", PolicySpec::Action_Name(spec.action())),
        "write rules: [{}] to match everything");
  }
  check_each(spec.rules(), rules, [&](const Rule& rule, const Site& place) { check_rule(rule, spec, place); });
}

}  // namespace proa::mesh
