// Public keys as JSON Web Keys have them, and what they sign (RFC 7517, RFC 7518, RFC 8037).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_pkey_st;

namespace proa::net::tls {

enum class SignatureAlgorithm : uint8_t {
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEs512,
  kEdDsa
};
/// "RS256", ...; nothing for "none" and for what is shared by both sides (HS256).
std::optional<SignatureAlgorithm> signature_algorithm(std::string_view name);

/// Immutable, cheap to copy, usable by all threads at once.
class PublicKey {
 public:
  /// Big-endian numbers. At least 2048 bits (RFC 7518 section 3.3); the exponent is 3 or 65537.
  static Result<PublicKey> rsa(std::string_view modulus, std::string_view exponent);
  /// `curve`: "P-256", "P-384" or "P-521"; coordinates of their full length.
  static Result<PublicKey> ec(std::string_view curve, std::string_view x, std::string_view y);
  static Result<PublicKey> ed25519(std::string_view key);

  /// Whether the key is of the kind that `algorithm` signs with, an EC key also of its curve.
  bool fits(SignatureAlgorithm algorithm) const;
  /// False for a key that does not fit, too. An EC signature is r and s, as JWS has it.
  bool verify(SignatureAlgorithm algorithm, std::string_view text, std::string_view signature) const;

 private:
  enum class Kind : uint8_t { kRsa, kEc256, kEc384, kEc521, kEd25519 };
  PublicKey(Kind kind, evp_pkey_st* key);
  Kind kind_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace proa::net::tls
