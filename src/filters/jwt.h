// JSON Web Tokens and the keys that they are signed with (RFC 7515, 7517, 7519).
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/tls/public_key.h"

namespace proa::filters {

/// Why a token is not accepted, in Envoy's words: clients and logs know them.
enum class JwtFault : uint8_t {
  kNone,
  kMissing,
  kBadForm,
  kBadHeader,
  kBadHeaderJson,
  kNoAlgorithm,
  kBadAlgorithm,
  kBadKeyId,
  kBadPayload,
  kBadPayloadJson,
  // Registered claims that are not of their type (RFC 7519 section 4.1).
  kBadIssuer,
  kBadSubject,
  kBadIssuedAt,
  kIssuedAtRange,
  kBadNotBefore,
  kNotBeforeRange,
  kBadExpiration,
  kExpirationRange,
  kBadId,
  kBadAudience,
  kBadSignatureText,
  kNotYetValid,
  kExpired,
  kNoExpiration,
  kUnknownIssuer,
  kAudience,
  kNoKey,
  kBadSignature,
  kSignatureLength,
  kNoKeys
};
std::string_view text_of(JwtFault fault);

/// A JWK set. Immutable once made.
struct Jwks {
  struct Key {
    std::string id, algorithm;  ///< empty: any
    net::tls::PublicKey key;
  };
  std::vector<Key> keys;

  /// Keys of kinds that are not known are left out; fails when none is left.
  static Result<Jwks> parse(std::string_view json);
};

/// A token, read and not yet believed. Slices of the text that it was read from.
struct Jwt {
  std::string_view signed_part;
  std::string signature;
  std::string algorithm_name, key_id;
  net::tls::SignatureAlgorithm algorithm{};
  nlohmann::json payload;

  /// kNone, or what is wrong with its form.
  JwtFault read(std::string_view text);
  /// A claim that is a text; empty: none.
  std::string_view text(const char* claim) const;
  /// `skew`: how far our clocks may be apart.
  JwtFault check_times(WallTime now, std::chrono::seconds skew) const;
  JwtFault check_signature(const Jwks& jwks) const;
};

}  // namespace proa::filters
