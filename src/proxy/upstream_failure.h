// Putting a failed attempt into words: status, body, details and flag as Envoy gives them.
#pragma once

#include <string_view>

#include "base/arena.h"
#include "observe/stream_info.h"
#include "proxy/attempt.h"

namespace proa::proxy {

struct UpstreamFailure {
  uint16_t status = 503;
  std::string_view body;
  std::string_view details;
  observe::ResponseFlag flag = observe::ResponseFlag::kUpstreamConnectionFailure;
  bool protocol_error = false;
  bool overflow = false;
  bool timeout = false;    ///< of a try: the client may have asked for another status then
  bool host_known = true;  ///< false: no place in the queue, so no host was asked
};

/// Precondition: the attempt has no response. Strings are static or in `arena`.
UpstreamFailure describe_failure(const Attempt& attempt, bool retried, Arena& arena);

/// The same for an attempt that failed after its response's head was handed on.
struct MissingRest {
  std::string_view details;
  observe::ResponseFlag flag;
};
MissingRest describe_missing_rest(const Attempt& attempt, Arena& arena);

}  // namespace proa::proxy
