#include "net/tls/certificate_request.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "net/tls/request_key.h"

namespace proa::net::tls {
namespace {

using RequestPtr = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;

template <class Write>
std::string to_pem(Write write) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

Status check_strength(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      if (bits >= 2048 && bits <= 8192) return {};
      return fail("an RSA key has 2048 to 8192 bits, this one " + std::to_string(bits));
    case EVP_PKEY_EC: {
      char group[64] = {};
      size_t size = 0;
      EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, &size);
      const std::string_view name(group, size);
      if (name == "prime256v1" || name == "secp384r1" || name == "secp521r1") return {};
      return fail("EC keys are of P-256, P-384 or P-521, not of " + std::string(name));
    }
    default: return fail("the key is neither RSA nor EC");
  }
}

}  // namespace

Result<CertificateRequest> make_certificate_request() {
  KeyPtr key(EVP_EC_gen("P-256"));
  RequestPtr request(X509_REQ_new());
  if (!key || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1 ||
      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) <= 0) {
    return fail("cannot make a certificate request: " + take_errors());
  }
  return CertificateRequest{
      to_pem([&](BIO* bio) { PEM_write_bio_X509_REQ(bio, request.get()); }),
      to_pem([&](BIO* bio) { PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

Result<KeyPtr> request_key(std::string_view request_pem) {
  BioPtr bio = read_bio(request_pem);
  RequestPtr request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  if (!request) return fail("cannot read the certificate request: " + take_errors());
  KeyPtr key(X509_REQ_get_pubkey(request.get()));
  if (!key) return fail("cannot read the key of the certificate request: " + take_errors());
  if (Status strong = check_strength(key.get()); !strong) return std::unexpected(strong.error());
  if (X509_REQ_verify(request.get(), key.get()) != 1) {
    ERR_clear_error();
    return fail("the certificate request is not signed with its own key");
  }
  return key;
}

}  // namespace proa::net::tls
