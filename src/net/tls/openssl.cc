#include "net/tls/openssl.h"

#include <openssl/pem.h>
#include <openssl/sha.h>

namespace proa::net::tls {

std::vector<X509Ptr> read_pem_certificates(std::string_view pem) {
  std::vector<X509Ptr> out;
  BioPtr bio = read_bio(pem);
  while (X509* certificate = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr)) out.emplace_back(certificate);
  unsigned long last = ERR_peek_last_error();
  bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  if (!at_end) out.clear();
  if (!out.empty()) ERR_clear_error();
  return out;
}

std::string sha256(std::string_view bytes) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[c & 15];
  }
  return out;
}

std::string der_of(X509* certificate) {
  unsigned char* bytes = nullptr;
  int size = i2d_X509(certificate, &bytes);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

std::string take_errors() {
  std::string out;
  while (unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (!out.empty()) out += "; ";
    out += reason ? reason : "error " + std::to_string(code);
  }
  return out.empty() ? "unknown error" : out;
}

std::string take_tls_error(std::string_view detail) {
  std::string out = "TLS_error:";
  while (unsigned long code = ERR_get_error()) {
    const char* library = ERR_lib_error_string(code);
    const char* reason = ERR_reason_error_string(code);
    out += "|" + std::to_string(code) + ":" + (library ? library : "") + "::";
    for (const char* c = reason ? reason : ""; *c; ++c) {
      out += *c == ' ' ? '_' : *c >= 'a' && *c <= 'z' ? static_cast<char>(*c - 32) : *c;
    }
    out += ':';
  }
  if (!detail.empty()) {
    out += detail;
    out += ':';
  }
  return out += "TLS_error_end";
}

}  // namespace proa::net::tls
