// The field lines of a head or of a trailer section: names lower-cased in place, values trimmed, hop-by-hop
// fields taken out, what decides framing noted.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "http/codec.h"
#include "http/headers.h"

namespace proa::http::h1 {

/// Why a message is refused. `reason` is static. status 0: not refused.
struct Refusal {
  uint16_t status = 0;
  std::string_view reason;
  explicit operator bool() const { return status != 0; }
};

/// A section copied into an arena, with room behind it so that 16-byte loads need no bounds check.
/// Precondition: `section` was accepted by a HeadScanner.
struct SectionCopy {
  char* begin;
  char* end;
};
SectionCopy copy_section(std::string_view section, Arena& arena);

/// What the fields that belong to the connection said. Slices of the section.
struct ConnectionFields {
  static constexpr size_t kMaxNominated = 16;

  std::string_view host;
  std::string_view content_length;
  std::string_view transfer_encoding;
  std::string_view upgrade;                               ///< all tokens of the first Upgrade line
  std::array<std::string_view, kMaxNominated> nominated;  ///< other names in Connection
  uint32_t nominated_count = 0;
  uint32_t host_count = 0, content_length_count = 0, transfer_encoding_count = 0;
  bool close = false, keep_alive = false, upgrade_nominated = false;
  bool wants_trailers = false;
  bool expect_continue = false, unknown_expectation = false;
  uint32_t dropped_with_underscores = 0;
};

struct FieldRules {
  uint32_t max_headers = 100;
  UnderscoreAction underscores = UnderscoreAction::kAllow;
};

/// Parses the lines from `at` to the empty line. `headers` gets what is end-to-end, Content-Length included.
Refusal parse_fields(char* at, const FieldRules& rules, HeaderList& headers, ConnectionFields& fields);

/// Takes out the fields that Connection nominated, except those a peer must not be able to strip: authentication,
/// forwarding, framing (threats P7, S3).
void remove_nominated(HeaderList& headers, const ConnectionFields& fields);

/// A trailer section; fields that decide framing, routing or authentication are refused (RFC 9110 section 6.5.1).
Refusal parse_trailers(std::string_view section, const FieldRules& rules, HeaderList& trailers);

/// The first position from `at` that holds `stop` or CR, at most CR of the line. For text from copy_section().
char* find_or_cr(char* at, char stop);

/// Written by the codec from the typed message, never copied from a list.
constexpr bool is_hop_by_hop(HeaderId id) {
  switch (id) {
    case HeaderId::kConnection:
    case HeaderId::kHost:
    case HeaderId::kHttp2Settings:
    case HeaderId::kKeepAlive:
    case HeaderId::kProxyConnection:
    case HeaderId::kTe:
    case HeaderId::kTransferEncoding:
    case HeaderId::kUpgrade: return true;
    default: return false;
  }
}

}  // namespace proa::http::h1
