// Request and response heads, strictly as RFC 9112: malformed is refused, never repaired.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "http/codec.h"
#include "http/h1/field_parser.h"
#include "http/message.h"

namespace proa::http::h1 {

enum class BodyKind : uint8_t { kNone, kLength, kChunked, kUntilClose };

/// How the message goes on after its head (RFC 9112 section 6.3), and whether the connection may.
struct Framing {
  BodyKind body = BodyKind::kNone;
  uint64_t length = 0;  ///< kLength: at least 1
  bool keep_alive = false;
  uint32_t dropped_with_underscores = 0;
};

/// `section` is a whole head that a HeadScanner has accepted. Everything in `head` lives in `arena` afterwards
/// (one copy of the section). On refusal `head` is unspecified.
Refusal parse_request_head(std::string_view section, const Http1Options& options, Arena& arena, RequestHead& head,
                           Framing& framing);

/// What the response's framing depends on.
struct RequestContext {
  bool head = false;         ///< the method was HEAD
  bool connect = false;      ///< the method was CONNECT
  std::string_view upgrade;  ///< the token that was asked for, lower case; empty: none
};

/// The same for a response. A 1xx, and a 2xx to CONNECT, has no body. 101 only as an answer to an upgrade.
Refusal parse_response_head(std::string_view section, const Http1Options& options, const RequestContext& request,
                            Arena& arena, ResponseHead& head, Framing& framing);

}  // namespace proa::http::h1
