// Reads a TLS ClientHello without taking it: what filter-chain matching needs to know before the handshake.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace proa::net {

struct ClientHello {
  std::string sni;  // lower case; empty: none sent
  std::vector<std::string> alpn;
  uint16_t legacy_version = 0;
  std::vector<uint16_t> versions;  // of supported_versions; empty before TLS 1.3
  std::vector<uint16_t> ciphers;
  std::vector<uint16_t> extensions;  // in the client's order
  std::vector<uint16_t> groups;
  std::vector<uint8_t> point_formats;

  /// The text whose MD5 is the JA3 fingerprint; GREASE values left out.
  std::string ja3_text() const;
};

enum class TlsInspection : uint8_t {
  kNeedMore,   // what is there may be the start of a ClientHello: wait, never take it for clear text
  kTls,        // `out` is filled
  kNotTls,     // the first bytes cannot be a TLS handshake
  kMalformed,  // a TLS handshake record whose ClientHello is broken
  kTooLarge,   // or larger than the limit
};

/// `bytes` is everything received so far, from the first byte; call again with more after kNeedMore. No state between
/// calls. A ClientHello may come in several records. `limit` bounds its size on the wire.
TlsInspection inspect_client_hello(std::string_view bytes, ClientHello& out, size_t limit = 16 * 1024);

}  // namespace proa::net
