#include "net/tls/issuer.h"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include "net/address.h"
#include "net/tls/openssl.h"
#include "net/tls/request_key.h"

namespace proa::net::tls {
namespace {

template <class Write>
std::string to_pem(Write write) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* data = nullptr;
  long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

KeyPtr make_key(bool rsa) { return KeyPtr(rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256")); }

template <class String>
String* make_string(std::string_view bytes) {
  auto* out = reinterpret_cast<String*>(ASN1_STRING_type_new(V_ASN1_IA5STRING));
  ASN1_STRING_set(reinterpret_cast<ASN1_STRING*>(out), bytes.data(), static_cast<int>(bytes.size()));
  return out;
}

GENERAL_NAME* make_name(const San& san) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  switch (san.type) {
    case SanMatcher::Type::kDns: GENERAL_NAME_set0_value(name, GEN_DNS, make_string<ASN1_IA5STRING>(san.value)); break;
    case SanMatcher::Type::kUri: GENERAL_NAME_set0_value(name, GEN_URI, make_string<ASN1_IA5STRING>(san.value)); break;
    case SanMatcher::Type::kEmail:
      GENERAL_NAME_set0_value(name, GEN_EMAIL, make_string<ASN1_IA5STRING>(san.value));
      break;
    case SanMatcher::Type::kIp: {
      Address address = Address::parse_ip(san.value, 0).value_or(Address());
      auto bytes = address.bytes();
      ASN1_OCTET_STRING* octets = ASN1_OCTET_STRING_new();
      ASN1_OCTET_STRING_set(octets, bytes.data(), static_cast<int>(bytes.size()));
      GENERAL_NAME_set0_value(name, GEN_IPADD, octets);
      break;
    }
    case SanMatcher::Type::kOtherName: {
      ASN1_TYPE* value = ASN1_TYPE_new();
      ASN1_UTF8STRING* text = ASN1_UTF8STRING_new();
      ASN1_STRING_set(text, san.value.data(), static_cast<int>(san.value.size()));
      ASN1_TYPE_set(value, V_ASN1_UTF8STRING, text);
      GENERAL_NAME_set0_othername(name, OBJ_txt2obj(san.oid.c_str(), 1), value);
      break;
    }
  }
  return name;
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (!extension) return;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void add_extensions(X509* certificate, X509* issuer, const IssueRequest& request) {
  add_extension(certificate, issuer, NID_basic_constraints, request.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(certificate, issuer, NID_key_usage,
                request.is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature,keyEncipherment");
  add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
  std::string usage = request.for_server ? "serverAuth" : "";
  if (request.for_client) usage += usage.empty() ? "clientAuth" : ",clientAuth";
  if (!request.is_ca && !usage.empty()) add_extension(certificate, issuer, NID_ext_key_usage, usage);
  if (request.sans.empty()) return;
  NamesPtr names(GENERAL_NAMES_new());
  for (const San& san : request.sans) sk_GENERAL_NAME_push(names.get(), make_name(san));
  // Without a subject, the names are all there is (RFC 5280 section 4.2.1.6).
  X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), request.common_name.empty(), X509V3_ADD_DEFAULT);
}

void set_serial(X509* certificate) {
  unsigned char bytes[16];
  RAND_bytes(bytes, sizeof bytes);
  bytes[0] &= 0x7f;  // positive
  bytes[0] |= 0x40;  // and of full length
  BIGNUM* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
}

// Signs with `issuer_key`; `issuer` is null for a self-signed one.
X509Ptr make_certificate(const IssueRequest& request, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  X509Ptr out(X509_new());
  X509* certificate = out.get();
  X509_set_version(certificate, X509_VERSION_3);
  set_serial(certificate);
  ASN1_TIME_set(X509_getm_notBefore(certificate), std::chrono::system_clock::to_time_t(request.valid_from));
  ASN1_TIME_set(X509_getm_notAfter(certificate), std::chrono::system_clock::to_time_t(request.valid_until));
  X509_set_pubkey(certificate, key);
  if (!request.common_name.empty()) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(request.common_name.data()),
                               static_cast<int>(request.common_name.size()), -1, 0);
  }
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer : certificate));
  add_extensions(certificate, issuer ? issuer : certificate, request);
  if (X509_sign(certificate, issuer_key, EVP_sha256()) <= 0) return nullptr;
  return out;
}

Issued to_issued(X509* certificate, EVP_PKEY* key) {
  return {.certificate_pem = to_pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); }),
          .key_pem = to_pem(
              [&](BIO* bio) { PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); })};
}

}  // namespace

struct Issuer::Keys {
  X509Ptr certificate;
  KeyPtr key;
  std::string chain_pem;  // what follows a leaf: empty for a root
};

Issuer::Issuer(std::unique_ptr<Keys> keys, Issued authority)
    : keys_(std::move(keys)), authority_(std::move(authority)) {}
Issuer::Issuer(Issuer&&) noexcept = default;
Issuer& Issuer::operator=(Issuer&&) noexcept = default;
Issuer::~Issuer() = default;

Result<Issuer> Issuer::make_root(const std::string& common_name) {
  IssueRequest request{.common_name = common_name, .is_ca = true};
  request.valid_until = std::chrono::system_clock::now() + std::chrono::hours(24 * 3650);
  auto keys = std::make_unique<Keys>();
  keys->key = make_key(false);
  keys->certificate = make_certificate(request, keys->key.get(), nullptr, keys->key.get());
  if (!keys->certificate) return fail("cannot make a root certificate: " + take_errors());
  Issued authority = to_issued(keys->certificate.get(), keys->key.get());
  return Issuer(std::move(keys), std::move(authority));
}

Result<Issuer> Issuer::load(const Issued& authority) {
  auto certificates = read_pem_certificates(authority.certificate_pem);
  if (certificates.empty()) return fail("cannot read the certificate of the authority: " + take_errors());
  BioPtr bio = read_bio(authority.key_pem);
  auto keys = std::make_unique<Keys>();
  keys->key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!keys->key) return fail("cannot read the key of the authority: " + take_errors());
  if (X509_check_private_key(certificates[0].get(), keys->key.get()) != 1) {
    ERR_clear_error();
    return fail("the key is not that of the authority's certificate");
  }
  bool root = X509_self_signed(certificates[0].get(), 0) == 1;
  if (!root) keys->chain_pem = authority.certificate_pem;
  keys->certificate = std::move(certificates[0]);
  return Issuer(std::move(keys), authority);
}

Result<Issued> Issuer::issue(const IssueRequest& request) {
  KeyPtr key = make_key(request.rsa);
  X509Ptr certificate = make_certificate(request, key.get(), keys_->certificate.get(), keys_->key.get());
  if (!certificate) return fail("cannot issue a certificate: " + take_errors());
  Issued out = to_issued(certificate.get(), key.get());
  out.certificate_pem += keys_->chain_pem;
  return out;
}

Result<std::string> Issuer::sign(std::string_view request_pem, const IssueRequest& request) {
  auto key = request_key(request_pem);
  if (!key) return std::unexpected(key.error());
  X509Ptr certificate = make_certificate(request, key->get(), keys_->certificate.get(), keys_->key.get());
  if (!certificate) return fail("cannot issue a certificate: " + take_errors());
  return to_pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate.get()); }) + keys_->chain_pem;
}

Result<Issuer> Issuer::make_intermediate(const std::string& common_name) {
  IssueRequest request{.common_name = common_name, .is_ca = true};
  request.valid_until = std::chrono::system_clock::now() + std::chrono::hours(24 * 365);
  auto issued = issue(request);
  if (!issued) return std::unexpected(issued.error());
  return load(*issued);
}

Result<std::string> Issuer::make_crl(const std::vector<std::string>& revoked_pem) {
  std::unique_ptr<X509_CRL, Freer<X509_CRL_free>> crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(keys_->certificate.get()));
  std::unique_ptr<ASN1_TIME, Freer<ASN1_TIME_free>> now(X509_gmtime_adj(nullptr, -300));
  std::unique_ptr<ASN1_TIME, Freer<ASN1_TIME_free>> next(X509_gmtime_adj(nullptr, 86400));
  X509_CRL_set1_lastUpdate(crl.get(), now.get());
  X509_CRL_set1_nextUpdate(crl.get(), next.get());
  for (const std::string& pem : revoked_pem) {
    auto certificates = read_pem_certificates(pem);
    if (certificates.empty()) return fail("cannot read a certificate to revoke: " + take_errors());
    X509_REVOKED* revoked = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(certificates[0].get()));
    X509_REVOKED_set_revocationDate(revoked, now.get());
    X509_CRL_add0_revoked(crl.get(), revoked);
  }
  X509_CRL_sort(crl.get());
  if (X509_CRL_sign(crl.get(), keys_->key.get(), EVP_sha256()) <= 0) return fail("cannot sign a CRL: " + take_errors());
  return to_pem([&](BIO* bio) { PEM_write_bio_X509_CRL(bio, crl.get()); });
}

}  // namespace proa::net::tls
