#include "net/tls/public_key.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "net/tls/openssl.h"

namespace proa::net::tls {
namespace {

using namespace std::string_literals;

std::string number(const EVP_PKEY* key, const char* name) {
  BIGNUM* n = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key, name, &n), 1);
  std::string out(static_cast<size_t>(BN_num_bytes(n)), '\0');
  BN_bn2bin(n, reinterpret_cast<unsigned char*>(out.data()));
  BN_free(n);
  return out;
}

std::string sign_pss(EVP_PKEY* key, std::string_view text) {
  std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  std::string out(512, '\0');
  size_t size = out.size();
  EXPECT_EQ(EVP_DigestSignInit(context.get(), &options, EVP_sha256(), nullptr, key), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST), 1);
  EXPECT_EQ(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                           reinterpret_cast<const unsigned char*>(text.data()), text.size()),
            1);
  out.resize(size);
  return out;
}

TEST(PublicKey, an_rsa_signature_is_as_long_as_the_modulus) {
  KeyPtr pair(EVP_RSA_gen(2048));
  ASSERT_TRUE(pair);
  auto key = PublicKey::rsa(number(pair.get(), OSSL_PKEY_PARAM_RSA_N), "\x01\x00\x01"s);
  ASSERT_TRUE(key);
  // One in 256 begins with a zero, and is the same number without it.
  std::string signature;
  do signature = sign_pss(pair.get(), "text");
  while (signature[0] != '\0');
  EXPECT_TRUE(key->verify(SignatureAlgorithm::kPs256, "text", signature));
  EXPECT_FALSE(key->verify(SignatureAlgorithm::kPs256, "text", signature.substr(1)));
  EXPECT_FALSE(key->verify(SignatureAlgorithm::kPs256, "text", std::string(1, '\0') + signature));
}

TEST(PublicKey, an_exponent_that_makes_forging_easy_is_refused) {
  std::string modulus(256, '\xff');
  EXPECT_TRUE(PublicKey::rsa(modulus, "\x03"));
  for (const std::string& exponent : {std::string(), std::string(1, '\0'), std::string("\1"), std::string("\2"),
                                      std::string("\x11"), "\x01\x00\x00"s, std::string(256, '\x7f')}) {
    EXPECT_FALSE(PublicKey::rsa(modulus, exponent));
  }
  EXPECT_FALSE(PublicKey::rsa(std::string(128, '\xff'), "\x03")) << "1024 bits";
  EXPECT_FALSE(PublicKey::rsa({}, "\x03"));
}

TEST(PublicKey, a_point_must_be_on_its_curve) {
  EXPECT_FALSE(PublicKey::ec("P-256", std::string(32, '\0'), std::string(32, '\0')));
  EXPECT_FALSE(PublicKey::ec("P-256", std::string(32, '\1'), std::string(32, '\1')));
  EXPECT_FALSE(PublicKey::ec("P-256", std::string(32, '\xff'), std::string(32, '\xff')));
  EXPECT_FALSE(PublicKey::ec("secp256k1", std::string(32, '\1'), std::string(32, '\1')));
}

}  // namespace
}  // namespace proa::net::tls
