// What the gRPC protocol over HTTP says about status, messages and time-outs (PROTOCOL-HTTP2.md, statuscodes.md):
// the part of it that a proxy needs without speaking gRPC.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "base/clock.h"

namespace proa::http {

enum class GrpcStatus : uint8_t {
  kOk,
  kCancelled,
  kUnknown,
  kInvalidArgument,
  kDeadlineExceeded,
  kNotFound,
  kAlreadyExists,
  kPermissionDenied,
  kResourceExhausted,
  kFailedPrecondition,
  kAborted,
  kOutOfRange,
  kUnimplemented,
  kInternal,
  kUnavailable,
  kDataLoss,
  kUnauthenticated,
};

/// What a client makes of an HTTP status without grpc-status, and what a proxy's own reply says (X2 in threats).
GrpcStatus grpc_status_of_http(uint16_t http_status);
/// The HTTP status that a gRPC status is translated to (google.rpc.Code).
uint16_t http_status_of_grpc(GrpcStatus status);
/// "OK", "CANCELLED", ...
std::string_view to_string(GrpcStatus status);
/// 1*DIGIT, 0..16; anything else is nullopt (to be treated as UNKNOWN).
std::optional<GrpcStatus> parse_grpc_status(std::string_view text);
/// By name ("UNAVAILABLE") or number, as configuration writes it.
std::optional<GrpcStatus> grpc_status_by_name(std::string_view text);
/// "0".."16", static.
std::string_view grpc_status_text(GrpcStatus status);

/// grpc-message: bytes outside 0x20..0x7e and "%" as %XX. `text` itself when nothing is encoded.
std::string_view grpc_message_encode(std::string_view text, Arena& arena);
/// Tolerant, as the protocol asks: a broken escape is kept as it is.
std::string_view grpc_message_decode(std::string_view text, Arena& arena);

/// grpc-timeout: 1 to 8 digits and a unit of H M S m u n. Saturates at the largest Milliseconds that is safe to add
/// to a time; rounds up to a millisecond. nullopt when malformed (CVE-2021-28682: never overflows).
std::optional<Milliseconds> parse_grpc_timeout(std::string_view text);
/// Whether a request with this grpc-timeout that arrived so long ago is out of time; false when it is malformed.
bool grpc_deadline_passed(std::string_view timeout, std::chrono::nanoseconds since_arrival);
/// The shortest exact form, rounded up where 8 digits do not hold it; 0 and less give "0m" (a time-out at once).
std::string_view format_grpc_timeout(Milliseconds timeout, Arena& arena);

}  // namespace proa::http
