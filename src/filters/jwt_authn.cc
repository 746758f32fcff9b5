#include "filters/jwt_authn.h"

#include <algorithm>

#include "base/base64.h"
#include "http/cookie.h"
#include "http/query.h"
#include "net/loop.h"
#include "observe/metadata.h"

namespace proa::filters {
namespace {

using http::HeaderId;
using nlohmann::json;
using Kind = JwtRequirement::Kind;

enum class Stat { kAllowed, kDenied, kPreflight };
constexpr observe::StatDef kStats[] = {
    {"jwt_authn.allowed"}, {"jwt_authn.denied"}, {"jwt_authn.cors_preflight_bypassed"}};

constexpr size_t kMaxRealmPath = 256;
constexpr std::string_view kTokenCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

/// A token, and where it stood.
struct Found {
  std::string_view token;
  std::string_view header;     ///< name; empty: not in a header
  std::string_view parameter;  ///< likewise of the query
};

/// The first run of characters that a token may have; after `prefix`, if there is one.
std::string_view token_in(std::string_view value, std::string_view prefix) {
  if (!prefix.empty()) {
    const size_t at = value.find(prefix);
    if (at == value.npos) return {};
    value.remove_prefix(at + prefix.size());
  }
  const size_t begin = value.find_first_of(kTokenCharacters);
  if (begin == value.npos) return {};
  value.remove_prefix(begin);
  return value.substr(0, value.find_first_not_of(kTokenCharacters));
}

void find_in_header(const http::RequestHead& request, std::string_view name, std::string_view prefix,
                    std::vector<Found>& found) {
  for (const http::Header& field : request.headers.all()) {
    if (field.name != name) continue;
    const std::string_view token = token_in(field.value, prefix);
    if (!token.empty()) found.push_back({token, field.name, {}});
  }
}

void find_in_query(const http::RequestHead& request, std::string_view name, std::vector<Found>& found) {
  auto value = http::query_parameter(request.path, name);
  if (value && !value->empty()) found.push_back({*value, {}, name});
}

std::vector<Found> find_tokens(const JwtProvider& provider, const http::RequestHead& request) {
  std::vector<Found> found;
  if (provider.from_headers.empty() && provider.from_params.empty() && provider.from_cookies.empty()) {
    find_in_header(request, "authorization", "Bearer ", found);
    find_in_query(request, "access_token", found);
  }
  for (const auto& from : provider.from_headers) find_in_header(request, from.name, from.prefix, found);
  for (const std::string& name : provider.from_params) find_in_query(request, name, found);
  for (const std::string& name : provider.from_cookies) {
    for (const http::Header& field : request.headers.all()) {
      if (field.id != HeaderId::kCookie) continue;
      http::for_each_cookie(field.value, [&](http::Cookie cookie) {
        if (cookie.name != name) return true;
        if (!cookie.value.empty()) found.push_back({cookie.value, {}, {}});
        return false;
      });
    }
  }
  return found;
}

/// Audiences are compared without a scheme and without a slash at the end.
std::string_view bare(std::string_view audience) {
  for (std::string_view scheme : {"https://", "http://"}) {
    if (audience.starts_with(scheme)) audience.remove_prefix(scheme.size());
  }
  if (audience.ends_with('/')) audience.remove_suffix(1);
  return audience;
}

bool allows_audience(const std::vector<std::string>& allowed, const json& payload) {
  if (allowed.empty()) return true;
  const auto allows = [&](const json& one) {
    return one.is_string() && std::ranges::any_of(allowed, [&](const std::string& name) {
             return bare(name) == bare(one.get_ref<const std::string&>());
           });
  };
  auto claim = payload.find("aud");
  if (claim == payload.end()) return false;
  return claim->is_array() ? std::ranges::any_of(*claim, allows) : allows(*claim);
}

JwtFault judge(const JwtProvider& provider, const std::vector<std::string>& audiences, Jwt& jwt, std::string_view token,
               WallTime now) {
  if (JwtFault fault = jwt.read(token); fault != JwtFault::kNone) return fault;
  if (!provider.issuer.empty() && jwt.text("iss") != provider.issuer) return JwtFault::kUnknownIssuer;
  if (JwtFault fault = jwt.check_times(now, provider.clock_skew); fault != JwtFault::kNone) return fault;
  if (provider.require_expiration && !jwt.payload.contains("exp")) return JwtFault::kNoExpiration;
  if (!allows_audience(audiences, jwt.payload)) return JwtFault::kAudience;
  return jwt.check_signature(*provider.keys);
}

bool was_missing(JwtFault fault) { return fault == JwtFault::kMissing || fault == JwtFault::kUnknownIssuer; }

/// What a header can carry of a claim; empty: nothing.
std::string claim_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return value.dump();
  if (value.is_number()) return std::to_string(value.get<double>());
  return value.is_structured() ? base64url_encode(value.dump()) : std::string();
}

bool fits_a_header(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// `path` without that parameter of its query.
std::string_view without_parameter(std::string_view path, std::string_view name, Arena& arena) {
  std::string kept;
  http::for_each_query_parameter(path, [&](http::QueryParameter parameter) {
    if (parameter.name == name) return true;
    kept.append(kept.empty() ? "?" : "&").append(parameter.name);
    if (parameter.value.data()) kept.append("=").append(parameter.value);
    return true;
  });
  return arena.concat(path.substr(0, path.find('?')), kept);
}

class JwtAuthn final : public Filter {
 public:
  explicit JwtAuthn(JwtAuthnConfig config) : Filter({}), config_(std::move(config)) {}

  Verdict on_request(Exchange& x, bool) const override {
    http::RequestHead& request = x.request();
    if (config_.bypass_cors_preflight && is_preflight(request)) {
      config_.stats->add(Stat::kPreflight);
      return allow();
    }
    forget_claims(request);
    const JwtRequirement* requirement = nullptr;
    if (const auto* own = route_config(x)) {
      auto named = config_.named.find(own->requirement);
      if (named == config_.named.end()) return refuse_unknown(x, own->requirement);
      requirement = &named->second;
    } else {
      requirement = required(x);
    }
    if (!requirement) return allow();
    const JwtFault fault = verify(x, *requirement);
    return fault == JwtFault::kNone ? allow() : refuse(x, fault);
  }

  std::optional<Foreseen> foresee(Exchange& x, const upstream::ClusterSpec*) const override {
    const bool had_metadata = has_payload(x);
    if (on_request(x, true) == Verdict::kDone) return Foreseen{Foreseen::What::kDeny, "its token is missing or bad"};
    return Foreseen{.why = !had_metadata && has_payload(x) ? "its token is good" : "no token of it is needed or used"};
  }

 private:
  static bool has_payload(Exchange& x) {
    const observe::Metadata* metadata = x.info().dynamic_metadata;
    return metadata && metadata->root.contains("envoy.filters.http.jwt_authn");
  }

  const JwtRouteConfig* route_config(Exchange& x) const {
    return dynamic_cast<const JwtRouteConfig*>(x.per_filter(*this));
  }

  static bool is_preflight(const http::RequestHead& request) {
    return request.method_id == http::Method::kOptions && !request.headers.value(HeaderId::kOrigin).empty() &&
           !request.headers.value(HeaderId::kAccessControlRequestMethod).empty();
  }

  /// Nobody but this filter says what a token claims.
  void forget_claims(http::RequestHead& request) const {
    for (const auto& provider : config_.providers) {
      if (!provider->payload_header.empty()) request.headers.remove(provider->payload_header);
      for (const auto& claim : provider->claims_to_headers) request.headers.remove(claim.header);
    }
  }

  const JwtRequirement* required(Exchange& x) const {
    const route::Route* rule =
        config_.rules->match({x.request(), x.request().authority, x.info(), x.info().random, nullptr});
    if (!rule || !config_.requirements[rule->index]) return nullptr;
    return &*config_.requirements[rule->index];
  }

  JwtFault verify(Exchange& x, const JwtRequirement& requirement) const {
    switch (requirement.kind) {
      case Kind::kProvider:
        return verify_provider(x, *requirement.provider,
                               requirement.audiences ? *requirement.audiences : requirement.provider->audiences);
      case Kind::kAll: {
        for (const JwtRequirement& part : requirement.parts) {
          if (JwtFault fault = verify(x, part); fault != JwtFault::kNone) return fault;
        }
        return JwtFault::kNone;
      }
      case Kind::kAny: return verify_any(x, requirement.parts);
      case Kind::kAllowMissing: return verify_any_provider(x, false);
      case Kind::kAllowMissingOrFailed: return verify_any_provider(x, true);
    }
    return JwtFault::kMissing;
  }

  /// A fault of a token that was there says more than that another was not.
  static void note(JwtFault& worst, JwtFault fault) {
    if (worst == JwtFault::kMissing || (was_missing(worst) && !was_missing(fault))) worst = fault;
  }

  JwtFault verify_any(Exchange& x, const std::vector<JwtRequirement>& parts) const {
    bool missing_allowed = false, failure_allowed = false;
    JwtFault worst = JwtFault::kMissing;
    for (const JwtRequirement& part : parts) {
      if (part.kind == Kind::kAllowMissing) {
        missing_allowed = true;
      } else if (part.kind == Kind::kAllowMissingOrFailed) {
        failure_allowed = true;
      } else {
        const JwtFault fault = verify(x, part);
        if (fault == JwtFault::kNone) return fault;
        note(worst, fault);
      }
    }
    return failure_allowed || (missing_allowed && worst == JwtFault::kMissing) ? JwtFault::kNone : worst;
  }

  JwtFault verify_any_provider(Exchange& x, bool failure_allowed) const {
    JwtFault worst = JwtFault::kMissing;
    for (const auto& provider : config_.providers) {
      const JwtFault fault = verify_provider(x, *provider, provider->audiences);
      if (fault == JwtFault::kNone) return fault;
      note(worst, fault);
    }
    return failure_allowed || worst == JwtFault::kMissing ? JwtFault::kNone : worst;
  }

  JwtFault verify_provider(Exchange& x, const JwtProvider& provider, const std::vector<std::string>& audiences) const {
    JwtFault worst = JwtFault::kMissing;
    for (const Found& found : find_tokens(provider, x.request())) {
      Jwt jwt;
      const JwtFault fault = judge(provider, audiences, jwt, found.token, x.loop().wall_now());
      if (fault == JwtFault::kNone) {
        accept(x, provider, jwt, found);
        return fault;
      }
      note(worst, fault);
    }
    return worst;
  }

  static void accept(Exchange& x, const JwtProvider& provider, const Jwt& jwt, const Found& found) {
    http::RequestHead& request = x.request();
    for (const auto& [header, path] : provider.claims_to_headers) {
      const json* value = &jwt.payload;
      for (const std::string& part : path) {
        auto next = value->is_object() ? value->find(part) : value->end();
        value = value->is_object() && next != value->end() ? &*next : nullptr;
        if (!value) break;
      }
      const std::string text = value ? claim_text(*value) : std::string();
      if (!text.empty() && fits_a_header(text)) request.headers.set(header, x.arena().copy(text));
    }
    if (!provider.payload_header.empty()) {
      const std::string_view signed_part = jwt.signed_part;
      std::string payload(signed_part.substr(signed_part.find('.') + 1));
      if (provider.pad_payload_header) payload.append((4 - payload.size() % 4) % 4, '=');
      request.headers.set(provider.payload_header, x.arena().copy(payload));
    }
    if (!provider.payload_in_metadata.empty()) {
      json payload = jwt.payload;
      for (const std::string& claim : provider.list_claims) split_claim(payload, claim);
      observe::mutable_metadata(x.info(), x.arena())
          .root["envoy.filters.http.jwt_authn"][provider.payload_in_metadata] = std::move(payload);
    }
    if (!provider.forward) {
      if (!found.parameter.empty()) request.path = without_parameter(request.path, found.parameter, x.arena());
      if (!found.header.empty()) request.headers.remove(found.header);
    }
    if (provider.clear_route) x.clear_route();
  }

  static void split_claim(json& payload, const std::string& claim) {
    auto found = payload.find(claim);
    if (found == payload.end() || !found->is_string()) return;
    json list = json::array();
    const std::string text = found->get<std::string>();
    for (size_t begin = 0; begin <= text.size();) {
      const size_t end = std::min(text.find(' ', begin), text.size());
      if (end > begin) list.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    *found = std::move(list);
  }

  Verdict allow() const {
    config_.stats->add(Stat::kAllowed);
    return Verdict::kContinue;
  }

  static std::string_view details_of(std::string_view reason, Arena& arena) {
    std::string word(reason);
    std::ranges::replace(word, ' ', '_');
    return arena.concat("jwt_authn_access_denied{", word, "}");
  }

  Verdict refuse(Exchange& x, JwtFault fault) const {
    config_.stats->add(Stat::kDenied);
    const std::string_view reason = text_of(fault);
    LocalReply reply{.status = static_cast<uint16_t>(fault == JwtFault::kAudience ? 403 : 401),
                     .details = details_of(reason, x.arena())};
    if (!config_.strip_failure_response) {
      const http::RequestHead& request = x.request();
      const http::Header* original = request.headers.find(HeaderId::kXEnvoyOriginalPath);
      const std::string_view path = original ? original->value : request.path;
      std::string realm;
      for (char c : x.arena().concat(request.scheme, "://", request.authority, path.substr(0, kMaxRealmPath))) {
        if (c == '"' || c == '\\') realm += '\\';
        realm += c;
      }
      auto* headers = x.arena().make<http::HeaderList>(x.arena());
      headers->add("www-authenticate",
                   x.arena().concat("Bearer realm=\"", realm,
                                    fault == JwtFault::kMissing ? "\"" : "\", error=\"invalid_token\""));
      reply.body = reason;
      reply.headers = headers;
    }
    x.respond(reply);
    return Verdict::kDone;
  }

  Verdict refuse_unknown(Exchange& x, const std::string& name) const {
    config_.stats->add(Stat::kDenied);
    const std::string_view reason = x.arena().concat("Wrong requirement_name: ", name);
    x.respond({.status = 403,
               .body = config_.strip_failure_response ? std::string_view()
                                                      : x.arena().concat("Failed JWT authentication: ", reason),
               .details = details_of(reason, x.arena())});
    return Verdict::kDone;
  }

  JwtAuthnConfig config_;
};

}  // namespace

const observe::StatSchema kJwtAuthnSchema{"http", kStats};

std::unique_ptr<Filter> make_jwt_authn(JwtAuthnConfig config) { return std::make_unique<JwtAuthn>(std::move(config)); }

}  // namespace proa::filters
