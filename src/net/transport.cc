#include "net/transport.h"

#include <atomic>

namespace proa::net {
namespace {

std::string to_pem(std::string_view der) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (der.empty()) return {};
  std::string out = "-----BEGIN CERTIFICATE-----\n";
  size_t column = 0;
  for (size_t i = 0; i < der.size(); i += 3) {
    size_t have = std::min<size_t>(3, der.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < have ? static_cast<uint8_t>(der[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k) out += k <= have ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
    column += 4;
    if (column == 64 || i + 3 >= der.size()) {
      out += '\n';
      column = 0;
    }
  }
  return out += "-----END CERTIFICATE-----\n";
}

// The characters of a PEM text that mean something in a header or a query.
std::string percent_encode(std::string_view pem) {
  std::string out;
  out.reserve(pem.size() + pem.size() / 16);
  for (char c : pem) {
    switch (c) {
      case '\n': out += "%0A"; break;
      case ' ': out += "%20"; break;
      case '+': out += "%2B"; break;
      case '/': out += "%2F"; break;
      case '=': out += "%3D"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace

const std::shared_ptr<const CertificateInfo>& CertificateInfo::none() {
  static const auto empty = std::make_shared<const CertificateInfo>();
  return empty;
}

std::string CertificateInfo::pem() const { return to_pem(der); }

std::string CertificateInfo::url_encoded_pem() const { return percent_encode(pem()); }

std::string CertificateInfo::url_encoded_chain() const {
  std::string out = url_encoded_pem();
  for (const std::string& certificate : issuers_der) out += percent_encode(to_pem(certificate));
  return out;
}

uint64_t next_connection_id() {
  // Each thread takes a block, so that accepting does not share a cache line.
  static std::atomic<uint64_t> next_block{0};
  constexpr uint64_t kBlock = 1024;
  thread_local uint64_t next = 0;
  if (next % kBlock == 0) next = next_block.fetch_add(1, std::memory_order_relaxed) * kBlock;
  uint64_t id = next++;
  return id + 1;
}

}  // namespace proa::net
