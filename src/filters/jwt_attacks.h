// A filter that wants a token of one issuer, and what is tried on it: for the tests of attacks.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "filters/fake_exchange.h"
#include "filters/jwt_authn.h"
#include "filters/test_jwt_rules.h"
#include "observe/registry.h"

namespace proa::filters {

/// Why a request is refused, in Envoy's words: what clients see.
struct Refusal {
  static constexpr std::string_view kNone = "";  ///< the request passes
  static constexpr std::string_view kBadForm =
      "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";
  static constexpr std::string_view kBadHeader = "Jwt header is an invalid Base64url encoded";
  static constexpr std::string_view kBadHeaderJson = "Jwt header is an invalid JSON";
  static constexpr std::string_view kNoAlgorithm = "Jwt header [alg] field is required and must be a string";
  static constexpr std::string_view kBadAlgorithm = "Jwt header [alg] is not supported";
  static constexpr std::string_view kBadKeyId = "Jwt header [kid] field is not a string";
  static constexpr std::string_view kBadPayloadJson = "Jwt payload is an invalid JSON";
  static constexpr std::string_view kIssuerForm = "Jwt payload [iss] field is not a string";
  static constexpr std::string_view kSubjectForm = "Jwt payload [sub] field is not a string";
  static constexpr std::string_view kIssuedAtForm = "Jwt payload [iat] field is not an integer";
  static constexpr std::string_view kIssuedAtRange = "Jwt payload [iat] field is not a positive 64 bit integer";
  static constexpr std::string_view kNotBeforeForm = "Jwt payload [nbf] field is not an integer";
  static constexpr std::string_view kNotBeforeRange = "Jwt payload [nbf] field is not a positive 64 bit integer";
  static constexpr std::string_view kExpirationForm = "Jwt payload [exp] field is not an integer";
  static constexpr std::string_view kExpirationRange = "Jwt payload [exp] field is not a positive 64 bit integer";
  static constexpr std::string_view kIdForm = "Jwt payload [jti] field is not a string";
  static constexpr std::string_view kAudienceForm = "Jwt payload [aud] field is not a string or string list";
  static constexpr std::string_view kBadSignatureText = "Jwt signature is an invalid Base64url encoded";
  static constexpr std::string_view kNotYetValid = "Jwt not yet valid";
  static constexpr std::string_view kExpired = "Jwt is expired";
  static constexpr std::string_view kUnknownIssuer = "Jwt issuer is not configured";
  static constexpr std::string_view kAudience = "Audiences in Jwt are not allowed";
  static constexpr std::string_view kNoKey = "Jwks doesn't have key to match kid or alg from Jwt";
  static constexpr std::string_view kWrongLength = "Jwt ED25519 signature is wrong length";
  static constexpr std::string_view kBadSignature = "Jwt verification fails";
};

/// Only in tests. The token is put together from its parts; `refusal` is what should come of it.
struct JwtAttack {
  std::string_view name;
  std::string_view header, payload;
  std::string signature;  ///< in base64url
  std::string_view refusal;

  std::string token() const { return base64url_encode(header) + "." + base64url_encode(payload) + "." + signature; }
};

// Made for these tests: the private halves are gone.
constexpr std::string_view kIssuerKeys =
    R"({"keys": [{"kty": "RSA", "kid": "rs", "n": "3TWW_MURhHlSFgTn9NK4PD6bYSeNQF-0LyTMeQ6jwHzFDSaCLRAAvkWPyyUc92BEDrgVxpyJh8WWGlhXfETrLtSThIM37lz35fRA1GhHLaGX83B_b0dEiIPJxcDbU8VjSCylFYzUTpFHKNihNpdPHT9xy1xXHna6TM7EPkcoMiL7zOork96R5MzPhgEzrT9XfU7gOxKWpuxLVAN9d1JAoCg1tUtwyulz6gpw0MqrdAEpEdpOa9_k_eMwcj0f6kYcTDAWOp_A-lPUMGGAA2e5EQ-KziVMZ_uq6fR9qyCHmFlLmsHiEXC7-jhGgaOqWs64fsSGZFAyP9_wVv2EjfOrOw", "e": "AQAB"}, {"kty": "EC", "kid": "es", "crv": "P-256", "x": "Pr0dMM6M9bfXtQ_C7LEEjQRorrRcDTy0B3Me4MlnZdo", "y": "Pyp3MgxbWL4S6OYL0SG1toc2iCjBn1xnOGp2eRWsgnI"}, {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": "6Jd73TRpgCWnCZdZJiafN-hMS997hKsM7Q9xoYe8hhw"}]})";
constexpr std::string_view kEd = R"({"alg":"EdDSA","kid":"ed"})";
constexpr std::string_view kRs = R"({"alg":"RS256","kid":"rs"})";
constexpr std::string_view kEs = R"({"alg":"ES256","kid":"es"})";
constexpr std::string_view kGood = R"({"iss":"https://issuer.test","aud":"shop","exp":4102444800})";

class JwtGate {
 public:
  /// Why the request was refused; empty: it passed.
  std::string judge(const std::string& token) const {
    auto x = filter();
    x->head.headers.add("authorization", x->memory.concat("Bearer ", token));
    if (x->request_head() == Verdict::kContinue) return {};
    EXPECT_TRUE(x->reply && !x->reply->body.empty());
    return x->reply ? std::string(x->reply->body) : "no reply";
  }

 private:
  std::unique_ptr<FakeExchange> filter() const {
    auto provider = std::make_shared<JwtProvider>();
    provider->issuer = "https://issuer.test";
    provider->audiences = {"shop"};
    provider->keys = keys_;
    JwtAuthnConfig config;
    config.providers = {provider};
    config.rules = one_rule();
    config.requirements = {JwtRequirement{.kind = JwtRequirement::Kind::kProvider, .provider = provider}};
    config.stats = stats_;
    return std::make_unique<FakeExchange>(make_jwt_authn(std::move(config)));
  }

  mutable observe::Registry registry_;
  std::shared_ptr<observe::StatGroup> stats_ =
      std::make_shared<observe::StatGroup>(registry_, kJwtAuthnSchema, observe::StatName{"h", {}});
  std::shared_ptr<const Jwks> keys_ = std::make_shared<const Jwks>(*Jwks::parse(kIssuerKeys));
};

/// Each ends as it says.
template <size_t n>
void expect_refusals(const JwtAttack (&attacks)[n]) {
  const JwtGate gate;
  for (const JwtAttack& attack : attacks) {
    EXPECT_EQ(gate.judge(attack.token()), attack.refusal) << attack.name;
  }
}

}  // namespace proa::filters
