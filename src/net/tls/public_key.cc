#include "net/tls/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <utility>

#include "net/tls/openssl.h"

namespace proa::net::tls {
namespace {

template <class T, auto release>
using Owned = std::unique_ptr<T, Freer<release>>;
using Number = Owned<BIGNUM, BN_free>;
using Builder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = Owned<OSSL_PARAM, OSSL_PARAM_free>;
using KeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 16384;  // what OpenSSL verifies with at all

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
Number number(std::string_view big_endian) {
  return Number(BN_bin2bn(bytes(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

EVP_PKEY* make_key(const char* type, OSSL_PARAM_BLD* builder) {
  Params params(OSSL_PARAM_BLD_to_param(builder));
  KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return key;
}

struct Curve {
  std::string_view name;
  const char* group;
  size_t coordinate;
};
constexpr Curve kCurves[] = {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}};

const EVP_MD* digest_of(SignatureAlgorithm algorithm) {
  using A = SignatureAlgorithm;
  switch (algorithm) {
    case A::kRs256:
    case A::kPs256:
    case A::kEs256: return EVP_sha256();
    case A::kRs384:
    case A::kPs384:
    case A::kEs384: return EVP_sha384();
    case A::kRs512:
    case A::kPs512:
    case A::kEs512: return EVP_sha512();
    case A::kEdDsa: break;
  }
  return nullptr;
}

bool is_pss(SignatureAlgorithm algorithm) {
  return algorithm >= SignatureAlgorithm::kPs256 && algorithm <= SignatureAlgorithm::kPs512;
}

/// r and s of equal length, as OpenSSL wants them; empty for another length.
std::string der_signature(std::string_view raw, size_t coordinate) {
  if (raw.size() != 2 * coordinate) return {};
  Owned<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  Number r = number(raw.substr(0, coordinate)), s = number(raw.substr(coordinate));
  if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
  r.release();
  s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return out;
}

}  // namespace

std::optional<SignatureAlgorithm> signature_algorithm(std::string_view name) {
  using A = SignatureAlgorithm;
  static constexpr std::pair<std::string_view, A> kNames[] = {
      {"RS256", A::kRs256}, {"RS384", A::kRs384}, {"RS512", A::kRs512}, {"PS256", A::kPs256}, {"PS384", A::kPs384},
      {"PS512", A::kPs512}, {"ES256", A::kEs256}, {"ES384", A::kEs384}, {"ES512", A::kEs512}, {"EdDSA", A::kEdDsa}};
  for (const auto& [known, algorithm] : kNames) {
    if (known == name) return algorithm;
  }
  return std::nullopt;
}

PublicKey::PublicKey(Kind kind, evp_pkey_st* key) : kind_(kind), key_(key, EVP_PKEY_free) {}

Result<PublicKey> PublicKey::rsa(std::string_view modulus, std::string_view exponent) {
  Number n = number(modulus), e = number(exponent);
  Builder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder) return fail("no memory");
  const int bits = BN_num_bits(n.get());
  if (bits < kLeastRsaBits || bits > kMostRsaBits) {
    return fail("an RSA key has " + std::to_string(bits) + " bits, not 2048 to 16384");
  }
  // As Envoy. With 1 everybody could sign: the signature would be the padded text itself.
  if (!BN_is_word(e.get(), 3) && !BN_is_word(e.get(), 65537)) {
    return fail("the exponent of an RSA key is neither 3 nor 65537");
  }
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  EVP_PKEY* key = make_key("RSA", builder.get());
  if (!key) return fail("is no RSA key");
  return PublicKey(Kind::kRsa, key);
}

Result<PublicKey> PublicKey::ec(std::string_view curve, std::string_view x, std::string_view y) {
  for (size_t i = 0; i < std::size(kCurves); ++i) {
    const Curve& known = kCurves[i];
    if (known.name != curve) continue;
    if (x.size() != known.coordinate || y.size() != known.coordinate) {
      return fail("the coordinates of an EC key are not as long as its curve asks");
    }
    const std::string point = "\x04" + std::string(x) + std::string(y);
    Builder builder(OSSL_PARAM_BLD_new());
    if (!builder) return fail("no memory");
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, known.group, 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    EVP_PKEY* key = make_key("EC", builder.get());
    if (!key) return fail("an EC key is no point of its curve");
    return PublicKey(static_cast<Kind>(static_cast<size_t>(Kind::kEc256) + i), key);
  }
  return fail("the curve of an EC key is not known: P-256, P-384 or P-521");
}

Result<PublicKey> PublicKey::ed25519(std::string_view raw) {
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(raw), raw.size());
  if (key) return PublicKey(Kind::kEd25519, key);
  ERR_clear_error();
  return fail("an Ed25519 key has not 32 bytes");
}

bool PublicKey::fits(SignatureAlgorithm algorithm) const {
  using A = SignatureAlgorithm;
  switch (algorithm) {
    case A::kEs256: return kind_ == Kind::kEc256;
    case A::kEs384: return kind_ == Kind::kEc384;
    case A::kEs512: return kind_ == Kind::kEc521;
    case A::kEdDsa: return kind_ == Kind::kEd25519;
    default: return kind_ == Kind::kRsa;
  }
}

bool PublicKey::verify(SignatureAlgorithm algorithm, std::string_view text, std::string_view signature) const {
  if (!fits(algorithm)) return false;
  // RFC 8017 section 8.1.2, step 1. OpenSSL takes one for PSS that lacks its leading zeros.
  if (kind_ == Kind::kRsa && signature.size() != static_cast<size_t>(EVP_PKEY_get_size(key_.get()))) return false;
  std::string der;
  if (kind_ != Kind::kRsa && kind_ != Kind::kEd25519) {
    const size_t curve = static_cast<size_t>(kind_) - static_cast<size_t>(Kind::kEc256);
    der = der_signature(signature, kCurves[curve].coordinate);
    if (der.empty()) return false;
    signature = der;
  }
  Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  bool good = context && EVP_DigestVerifyInit(context.get(), &options, digest_of(algorithm), nullptr, key_.get()) == 1;
  if (good && is_pss(algorithm)) {
    good = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  good = good && EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace proa::net::tls
