#include "filters/jwt.h"

#include <algorithm>

#include "base/base64.h"

namespace proa::filters {
namespace {

using net::tls::PublicKey;
using nlohmann::json;

constexpr size_t kEd25519Signature = 64;
constexpr int kDeepest = 100;  // as Envoy; who nests deeper means no good

/// A JSON object whose members are told apart by their names, as those of headers and claims must be (RFC 7515 section 4,
/// RFC 7519 section 4): of two with one name, another reader might believe the other. Anything else: discarded.
json strict_object(std::string_view text) {
  bool good = text.find('\0') == text.npos;  // the parser would take it for the end
  std::vector<size_t> members;               // of each object that is open
  auto watch = [&](int depth, json::parse_event_t event, const json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start: members.push_back(0); [[fallthrough]];
      case json::parse_event_t::array_start: good = good && depth < kDeepest; break;
      case json::parse_event_t::key: ++members.back(); break;
      case json::parse_event_t::object_end:
        good = good && parsed.size() == members.back();
        members.pop_back();
        break;
      default: break;
    }
    return good;
  };
  json object = json::parse(text, watch, /*allow_exceptions=*/false);
  if (!good || !object.is_object()) return json(json::value_t::discarded);
  return object;
}

bool is_text_or_absent(const json& object, const char* name) {
  auto found = object.find(name);
  return found == object.end() || found->is_string();
}

/// A moment, in seconds since 1970.
JwtFault check_moment(const json& payload, const char* name, JwtFault not_a_number, JwtFault out_of_range) {
  auto found = payload.find(name);
  if (found == payload.end()) return JwtFault::kNone;
  if (!found->is_number()) return not_a_number;
  const double value = found->get<double>();
  return value >= 0 && value < 0x1p64 ? JwtFault::kNone : out_of_range;
}

bool is_audience(const json& payload) {
  auto found = payload.find("aud");
  if (found == payload.end() || found->is_string()) return true;
  return found->is_array() && std::ranges::all_of(*found, [](const json& one) { return one.is_string(); });
}

JwtFault check_types(const json& payload) {
  using F = JwtFault;
  if (!is_text_or_absent(payload, "iss")) return F::kBadIssuer;
  if (!is_text_or_absent(payload, "sub")) return F::kBadSubject;
  if (F fault = check_moment(payload, "iat", F::kBadIssuedAt, F::kIssuedAtRange); fault != F::kNone) return fault;
  if (F fault = check_moment(payload, "nbf", F::kBadNotBefore, F::kNotBeforeRange); fault != F::kNone) return fault;
  if (F fault = check_moment(payload, "exp", F::kBadExpiration, F::kExpirationRange); fault != F::kNone) return fault;
  if (!is_text_or_absent(payload, "jti")) return F::kBadId;
  return is_audience(payload) ? F::kNone : F::kBadAudience;
}

std::string text_member(const json& object, const char* name) {
  auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::string> bytes_member(const json& object, const char* name) {
  return base64url_decode(text_member(object, name));
}

Result<PublicKey> key_of(const json& jwk) {
  const std::string kind = text_member(jwk, "kty");
  if (kind == "RSA") {
    auto n = bytes_member(jwk, "n"), e = bytes_member(jwk, "e");
    if (!n || !e) return fail("n and e of an RSA key are no base64url");
    return PublicKey::rsa(*n, *e);
  }
  if (kind == "EC") {
    auto x = bytes_member(jwk, "x"), y = bytes_member(jwk, "y");
    if (!x || !y) return fail("x and y of an EC key are no base64url");
    return PublicKey::ec(text_member(jwk, "crv"), *x, *y);
  }
  if (kind == "OKP" && text_member(jwk, "crv") == "Ed25519") {
    auto x = bytes_member(jwk, "x");
    if (!x) return fail("x of an Ed25519 key is no base64url");
    return PublicKey::ed25519(*x);
  }
  return fail("keys of kind \"" + kind + "\" are not known");
}

/// Seconds since 1970; nothing where the claim is absent.
std::optional<double> seconds(const json& payload, const char* claim) {
  auto found = payload.find(claim);
  if (found == payload.end()) return std::nullopt;
  return found->is_number() ? found->get<double>() : 0.0;
}

/// Whether the key is for signatures, by what it says of itself (RFC 7517 sections 4.2 and 4.3).
bool is_for_signatures(const json& jwk) {
  auto use = jwk.find("use");
  if (use != jwk.end() && *use != "sig") return false;
  auto operations = jwk.find("key_ops");
  if (operations == jwk.end()) return true;
  return operations->is_array() && std::ranges::find(*operations, json("verify")) != operations->end();
}

}  // namespace

std::string_view text_of(JwtFault fault) {
  switch (fault) {
    case JwtFault::kNone: return "OK";
    case JwtFault::kMissing: return "Jwt is missing";
    case JwtFault::kBadForm: return "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";
    case JwtFault::kBadHeader: return "Jwt header is an invalid Base64url encoded";
    case JwtFault::kBadHeaderJson: return "Jwt header is an invalid JSON";
    case JwtFault::kNoAlgorithm: return "Jwt header [alg] field is required and must be a string";
    case JwtFault::kBadAlgorithm: return "Jwt header [alg] is not supported";
    case JwtFault::kBadKeyId: return "Jwt header [kid] field is not a string";
    case JwtFault::kBadPayload: return "Jwt payload is an invalid Base64url encoded";
    case JwtFault::kBadPayloadJson: return "Jwt payload is an invalid JSON";
    case JwtFault::kBadIssuer: return "Jwt payload [iss] field is not a string";
    case JwtFault::kBadSubject: return "Jwt payload [sub] field is not a string";
    case JwtFault::kBadIssuedAt: return "Jwt payload [iat] field is not an integer";
    case JwtFault::kIssuedAtRange: return "Jwt payload [iat] field is not a positive 64 bit integer";
    case JwtFault::kBadNotBefore: return "Jwt payload [nbf] field is not an integer";
    case JwtFault::kNotBeforeRange: return "Jwt payload [nbf] field is not a positive 64 bit integer";
    case JwtFault::kBadExpiration: return "Jwt payload [exp] field is not an integer";
    case JwtFault::kExpirationRange: return "Jwt payload [exp] field is not a positive 64 bit integer";
    case JwtFault::kBadId: return "Jwt payload [jti] field is not a string";
    case JwtFault::kBadAudience: return "Jwt payload [aud] field is not a string or string list";
    case JwtFault::kBadSignatureText: return "Jwt signature is an invalid Base64url encoded";
    case JwtFault::kNotYetValid: return "Jwt not yet valid";
    case JwtFault::kExpired: return "Jwt is expired";
    case JwtFault::kNoExpiration: return "Jwt verification fails";
    case JwtFault::kUnknownIssuer: return "Jwt issuer is not configured";
    case JwtFault::kAudience: return "Audiences in Jwt are not allowed";
    case JwtFault::kNoKey: return "Jwks doesn't have key to match kid or alg from Jwt";
    case JwtFault::kBadSignature: return "Jwt verification fails";
    case JwtFault::kSignatureLength: return "Jwt ED25519 signature is wrong length";
    case JwtFault::kNoKeys: return "Jwks remote fetch is failed";
  }
  return {};
}

Result<Jwks> Jwks::parse(std::string_view text) {
  const json set = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!set.is_object() || !set.contains("keys") || !set["keys"].is_array()) {
    return fail("is no JSON object with a list \"keys\"");
  }
  Jwks jwks;
  std::string reason = "it has no keys";
  for (const json& jwk : set["keys"]) {
    if (!jwk.is_object()) continue;
    if (!is_for_signatures(jwk)) {
      reason = "its keys are not for signatures";
      continue;
    }
    if (!is_text_or_absent(jwk, "kid") || !is_text_or_absent(jwk, "alg")) {
      reason = "kid and alg of a key are texts";
      continue;
    }
    auto key = key_of(jwk);
    if (key) {
      jwks.keys.push_back({text_member(jwk, "kid"), text_member(jwk, "alg"), std::move(*key)});
    } else {
      reason = key.error().message;
    }
  }
  if (jwks.keys.empty()) return fail("has no key that can be used: " + reason);
  return jwks;
}

JwtFault Jwt::read(std::string_view text) {
  const size_t first = text.find('.');
  const size_t second = first == text.npos ? text.npos : text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos) return JwtFault::kBadForm;
  if (first == 0 || second == first + 1 || second + 1 == text.size()) return JwtFault::kBadForm;
  const auto header_text = base64url_decode(text.substr(0, first));
  if (!header_text) return JwtFault::kBadHeader;
  const json header = strict_object(*header_text);
  if (!header.is_object()) return JwtFault::kBadHeaderJson;
  auto named = header.find("alg");
  if (named == header.end() || !named->is_string()) return JwtFault::kNoAlgorithm;
  algorithm_name = named->get<std::string>();
  const auto known = net::tls::signature_algorithm(algorithm_name);
  // RFC 7515 section 4.1.11: what "crit" names must be understood, and nothing of it is.
  if (!known || header.contains("crit")) return JwtFault::kBadAlgorithm;
  algorithm = *known;
  if (!is_text_or_absent(header, "kid")) return JwtFault::kBadKeyId;
  key_id = text_member(header, "kid");
  const auto payload_text = base64url_decode(text.substr(first + 1, second - first - 1));
  if (!payload_text) return JwtFault::kBadPayload;
  payload = strict_object(*payload_text);
  if (!payload.is_object()) return JwtFault::kBadPayloadJson;
  if (JwtFault fault = check_types(payload); fault != JwtFault::kNone) return fault;
  auto signature_bytes = base64url_decode(text.substr(second + 1));
  if (!signature_bytes) return JwtFault::kBadSignatureText;
  signature = std::move(*signature_bytes);
  signed_part = text.substr(0, second);
  return JwtFault::kNone;
}

std::string_view Jwt::text(const char* claim) const {
  auto found = payload.find(claim);
  if (found == payload.end() || !found->is_string()) return {};
  return found->get_ref<const std::string&>();
}

JwtFault Jwt::check_times(WallTime now, std::chrono::seconds skew) const {
  const auto at = std::chrono::duration<double>(now.time_since_epoch()).count();
  const auto slack = static_cast<double>(skew.count());
  const auto begins = seconds(payload, "nbf"), ends = seconds(payload, "exp");
  if (begins && *begins > at + slack) return JwtFault::kNotYetValid;
  if (ends && *ends + slack < at) return JwtFault::kExpired;
  return JwtFault::kNone;
}

JwtFault Jwt::check_signature(const Jwks& jwks) const {
  bool tried = false;
  for (const Jwks::Key& key : jwks.keys) {
    if (!key_id.empty() && !key.id.empty() && key.id != key_id) continue;
    if (!key.algorithm.empty() && key.algorithm != algorithm_name) continue;
    if (!key.key.fits(algorithm)) continue;
    if (algorithm == net::tls::SignatureAlgorithm::kEdDsa && signature.size() != kEd25519Signature) {
      return JwtFault::kSignatureLength;
    }
    tried = true;
    if (key.key.verify(algorithm, signed_part, signature)) return JwtFault::kNone;
  }
  return tried ? JwtFault::kBadSignature : JwtFault::kNoKey;
}

}  // namespace proa::filters
