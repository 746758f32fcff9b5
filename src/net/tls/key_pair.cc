#include "net/tls/key_pair.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "net/tls/certificate.h"
#include "net/tls/san.h"

namespace proa::net::tls {
namespace {

int give_password(char* to, int size, int, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  if (static_cast<int>(text.size()) > size) return -1;
  text.copy(to, text.size());
  return static_cast<int>(text.size());
}

Status load_pem(const CertificateOptions& options, KeyPair& out) {
  auto certificates = read_pem_certificates(options.chain_pem);
  if (certificates.empty()) return fail("cannot read the certificate chain: " + take_errors());
  out.leaf = std::move(certificates[0]);
  if (certificates.size() > 1) out.chain.reset(sk_X509_new_null());
  for (size_t i = 1; i < certificates.size(); ++i) sk_X509_push(out.chain.get(), certificates[i].release());
  BioPtr bio = read_bio(options.key_pem);
  out.key.reset(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, give_password, const_cast<std::string*>(&options.password)));
  if (!out.key) return fail("cannot read the private key: " + take_errors());
  return {};
}

Status load_pkcs12(const CertificateOptions& options, KeyPair& out) {
  BioPtr bio = read_bio(options.pkcs12);
  std::unique_ptr<PKCS12, Freer<PKCS12_free>> bundle(d2i_PKCS12_bio(bio.get(), nullptr));
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  STACK_OF(X509)* chain = nullptr;
  if (!bundle || PKCS12_parse(bundle.get(), options.password.c_str(), &key, &leaf, &chain) != 1) {
    return fail("cannot read the PKCS#12 bundle: " + take_errors());
  }
  out.key.reset(key);
  out.leaf.reset(leaf);
  out.chain.reset(chain);
  if (!key || !leaf) return fail("the PKCS#12 bundle has no key or no certificate");
  return {};
}

Status check_strength(const KeyPair& pair) {
  int bits = EVP_PKEY_get_bits(pair.key.get());
  if (pair.kind() == EVP_PKEY_RSA && bits < 2048) {
    return fail("RSA key of " + std::to_string(bits) + " bits is too weak: 2048 are needed");
  }
  if (pair.kind() == EVP_PKEY_EC && bits != 256 && bits != 384 && bits != 521) {
    return fail("EC key of " + std::to_string(bits) + " bits: only P-256, P-384 and P-521 are taken");
  }
  return {};
}

void read_names(KeyPair& pair) {
  for (const San& san : read_sans(pair.leaf.get())) {
    if (san.type != SanMatcher::Type::kDns || san.value.find('\0') != std::string::npos) continue;
    std::string name = san.value;
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    pair.names.push_back(std::move(name));
  }
}

}  // namespace

Result<KeyPair> load_key_pair(const CertificateOptions& options) {
  KeyPair out;
  Status status = options.pkcs12.empty() ? load_pem(options, out) : load_pkcs12(options, out);
  if (!status) return std::unexpected(status.error());
  if (X509_check_private_key(out.leaf.get(), out.key.get()) != 1) {
    ERR_clear_error();
    return fail("the private key is not that of the certificate");
  }
  if (status = check_strength(out); !status) return std::unexpected(status.error());
  out.ocsp_staple = options.ocsp_staple;
  auto info = std::make_shared<CertificateInfo>(describe(out.leaf.get()));
  info->path = options.path;
  info->der.clear();
  out.info = std::move(info);
  read_names(out);
  return out;
}

}  // namespace proa::net::tls
