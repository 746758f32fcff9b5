#include "filters/jwt.h"

#include "base/base64.h"

namespace proa::filters {
namespace {

using net::tls::PublicKey;
using nlohmann::json;

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

/// Seconds since 1970; nothing where the claim is absent. A claim that is no number does not hold a moment: 0.
std::optional<double> seconds(const json& payload, const char* claim) {
  auto found = payload.find(claim);
  if (found == payload.end()) return std::nullopt;
  return found->is_number() ? found->get<double>() : 0.0;
}

}  // namespace

std::string_view text_of(JwtFault fault) {
  switch (fault) {
    case JwtFault::kNone: return "OK";
    case JwtFault::kMissing: return "Jwt is missing";
    case JwtFault::kBadForm: return "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";
    case JwtFault::kBadHeader: return "Jwt header is an invalid Base64url encoded";
    case JwtFault::kBadHeaderJson: return "Jwt header is an invalid JSON";
    case JwtFault::kBadAlgorithm: return "Jwt header [alg] is not supported";
    case JwtFault::kBadPayload: return "Jwt payload is an invalid Base64url encoded";
    case JwtFault::kBadPayloadJson: return "Jwt payload is an invalid JSON";
    case JwtFault::kBadSignatureText: return "Jwt signature is an invalid Base64url encoded";
    case JwtFault::kNotYetValid: return "Jwt not yet valid";
    case JwtFault::kExpired: return "Jwt is expired";
    case JwtFault::kNoExpiration: return "Jwt missing expiration claim";
    case JwtFault::kTooLong: return "Jwt lifetime exceeds the maximum";
    case JwtFault::kUnknownIssuer: return "Jwt issuer is not configured";
    case JwtFault::kAudience: return "Audiences in Jwt are not allowed";
    case JwtFault::kSubject: return "Subject in Jwt is not allowed";
    case JwtFault::kNoKey: return "Jwks doesn't have key to match kid or alg from Jwt";
    case JwtFault::kBadSignature: return "Jwt verification fails";
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
  const auto header_text = base64url_decode(text.substr(0, first));
  if (!header_text) return JwtFault::kBadHeader;
  const json header = json::parse(*header_text, nullptr, false);
  if (!header.is_object()) return JwtFault::kBadHeaderJson;
  algorithm_name = text_member(header, "alg");
  key_id = text_member(header, "kid");
  const auto known = net::tls::signature_algorithm(algorithm_name);
  // RFC 7515 section 4.1.11: what "crit" names must be understood, and nothing of it is.
  if (!known || header.contains("crit")) return JwtFault::kBadAlgorithm;
  algorithm = *known;
  const auto payload_text = base64url_decode(text.substr(first + 1, second - first - 1));
  if (!payload_text) return JwtFault::kBadPayload;
  payload = json::parse(*payload_text, nullptr, false);
  if (!payload.is_object()) return JwtFault::kBadPayloadJson;
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
    tried = true;
    if (key.key.verify(algorithm, signed_part, signature)) return JwtFault::kNone;
  }
  return tried ? JwtFault::kBadSignature : JwtFault::kNoKey;
}

}  // namespace proa::filters
