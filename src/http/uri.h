// Request targets (RFC 9112 section 3.2) and authorities (RFC 3986 section 3.2, of which only hosts that exist
// in practice: names of unreserved characters, IPv4, bracketed IPv6).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "http/message.h"

namespace proa::http {

enum class TargetForm : uint8_t { kOrigin, kAbsolute, kAuthority, kAsterisk };

/// Slices of the target that was parsed.
struct RequestTarget {
  TargetForm form = TargetForm::kOrigin;
  std::string_view scheme;     ///< absolute-form: "http" or "https", lower case (static)
  std::string_view authority;  ///< absolute- and authority-form
  std::string_view path;       ///< with the query; "*" in asterisk-form and for OPTIONS without a path
};

/// Empty when `target` is valid for `method` and written to `to`; otherwise a static reason code.
std::string_view parse_request_target(std::string_view target, Method method, RequestTarget& to);

struct HostPort {
  std::string_view host;  ///< of an IPv6 literal without the brackets
  uint16_t port = 0;      ///< 0 when there is none
  bool ipv6 = false;
};

/// host [ ":" port ], port 1..65535. nullopt when malformed: empty host, user information, a character that
/// belongs to no host, a broken IPv6 literal, an empty or impossible port.
std::optional<HostPort> parse_authority(std::string_view authority);
inline bool is_authority(std::string_view text) { return parse_authority(text).has_value(); }

enum class StripPort : uint8_t {
  kNone,
  kMatching,  ///< only the listener's own
  kAny,
};

struct HostRules {
  StripPort strip_port = StripPort::kNone;
  uint16_t listener_port = 0;
  bool strip_trailing_dot = false;
};

/// The one form of an authority that routing, policy and logging see: lower case, port and trailing dot
/// dropped as the rules say. `authority` itself when nothing changes, else made in `arena`.
std::string_view canonical_authority(std::string_view authority, const HostRules& rules, Arena& arena);

/// Without the port and the brackets stay: "[::1]:80" gives "[::1]".
std::string_view without_port(std::string_view authority);

}  // namespace proa::http
