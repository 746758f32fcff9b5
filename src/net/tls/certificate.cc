#include "net/tls/certificate.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

#include <ctime>

#include "net/tls/openssl.h"
#include "net/tls/san.h"

namespace proa::net::tls {
namespace {

std::string name_text(const X509_NAME* name) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  long size = BIO_get_mem_data(bio.get(), &data);
  return printable({data, static_cast<size_t>(size)});
}

std::string serial_text(X509* certificate) {
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
  if (!number) return {};
  char* hex = BN_bn2hex(number);
  std::string out = hex ? hex : "";
  OPENSSL_free(hex);
  BN_free(number);
  for (char& c : out) c = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
  return out;
}

WallTime to_time(const ASN1_TIME* time) {
  tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
    } else {
      out += "\\x" + to_hex({&c, 1});
    }
  }
  return out;
}

CertificateInfo describe(x509_st* certificate) {
  CertificateInfo out;
  out.subject = name_text(X509_get_subject_name(certificate));
  out.issuer = name_text(X509_get_issuer_name(certificate));
  out.serial = serial_text(certificate);
  out.valid_from = to_time(X509_get0_notBefore(certificate));
  out.valid_until = to_time(X509_get0_notAfter(certificate));
  out.der = der_of(certificate);
  out.sha256 = to_hex(sha256(out.der));
  unsigned char sha1[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(out.der.data()), out.der.size(), sha1);
  out.sha1 = to_hex({reinterpret_cast<char*>(sha1), sizeof sha1});
  for (const San& san : read_sans(certificate)) {
    std::string text = printable(san.value);
    switch (san.type) {
      case SanMatcher::Type::kUri: out.uri_sans.push_back(std::move(text)); break;
      case SanMatcher::Type::kDns: out.dns_sans.push_back(std::move(text)); break;
      case SanMatcher::Type::kIp: out.ip_sans.push_back(std::move(text)); break;
      case SanMatcher::Type::kEmail: out.email_sans.push_back(std::move(text)); break;
      case SanMatcher::Type::kOtherName: out.other_name_sans.push_back(std::move(text)); break;
    }
  }
  return out;
}

Result<std::vector<CertificateInfo>> describe_pem(std::string_view pem, std::string_view path) {
  auto certificates = read_pem_certificates(pem);
  if (certificates.empty()) return fail("cannot read certificates: " + take_errors());
  std::vector<CertificateInfo> out;
  for (auto& certificate : certificates) {
    out.push_back(describe(certificate.get()));
    out.back().path = path;
  }
  return out;
}

std::string ja3_hash(std::string_view text) {
  unsigned char digest[MD5_DIGEST_LENGTH];
  unsigned int size = sizeof digest;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr) != 1) return {};
  return to_hex({reinterpret_cast<char*>(digest), size});
}

}  // namespace proa::net::tls
