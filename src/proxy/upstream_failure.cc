#include "proxy/upstream_failure.h"

namespace proa::proxy {
namespace {

using http::ResetReason;
using observe::ResponseFlag;
using upstream::PoolFailure;

/// Details may hold no blanks: they are one word of an access log.
std::string_view with_underscores(std::string_view text, Arena& arena) {
  std::string_view copy = arena.copy(text);
  for (size_t i = 0; i < copy.size(); ++i) {
    if (copy[i] == ' ') const_cast<char&>(copy[i]) = '_';  // our own fresh copy
  }
  return copy;
}

struct Cause {
  std::string_view text;  // "remote connection failure"
  ResponseFlag flag;
};

Cause cause_of(const Attempt& attempt) {
  switch (attempt.reset_reason()) {
    case ResetReason::kConnectFailure:
      if (attempt.pool_failure() == PoolFailure::kTimeout) {
        return {"connection timeout", ResponseFlag::kUpstreamConnectionFailure};
      }
      return {"remote connection failure", ResponseFlag::kUpstreamConnectionFailure};
    case ResetReason::kOverload: return {"overflow", ResponseFlag::kUpstreamOverflow};
    case ResetReason::kRemoteReset: return {"remote reset", ResponseFlag::kUpstreamRemoteReset};
    case ResetReason::kRemoteRefused: return {"remote refused stream reset", ResponseFlag::kUpstreamRemoteReset};
    case ResetReason::kProtocolError: return {"protocol error", ResponseFlag::kUpstreamProtocolError};
    case ResetReason::kLocalReset: return {"local reset", ResponseFlag::kLocalReset};
    case ResetReason::kConnectionClosed:
    case ResetReason::kNone: break;
  }
  return {"connection termination", ResponseFlag::kUpstreamConnectionTermination};
}

}  // namespace

UpstreamFailure describe_failure(const Attempt& attempt, bool retried, Arena& arena) {
  UpstreamFailure failure;
  if (attempt.timed_out() != AttemptTimeout::kNone) {
    const MissingRest rest = describe_missing_rest(attempt, arena);
    failure.status = 504;
    failure.timeout = attempt.timed_out() != AttemptTimeout::kMaxDuration;
    failure.body = failure.timeout ? "upstream request timeout" : "upstream max stream duration reached";
    failure.details = rest.details;
    failure.flag = rest.flag;
    return failure;
  }
  Cause cause = cause_of(attempt);
  failure.flag = cause.flag;
  failure.overflow = attempt.reset_reason() == ResetReason::kOverload;
  failure.host_known = !failure.overflow || attempt.pool_failure() != PoolFailure::kPendingOverflow;
  if (attempt.reset_reason() == ResetReason::kProtocolError) failure.status = 502;
  std::string_view transport = attempt.failure_details();
  const bool connecting = attempt.reset_reason() == ResetReason::kConnectFailure && !transport.empty();
  failure.body = arena.concat("upstream connect error or disconnect/reset before headers. ",
                              retried ? "retried and the latest " : "", "reset reason: ", cause.text);
  // The transport's own words are for the log alone: they tell a client about what is behind the proxy.
  failure.details = arena.concat("upstream_reset_", attempt.answering() ? "after" : "before", "_response_started{",
                                 with_underscores(cause.text, arena), connecting ? "|" : "",
                                 connecting ? with_underscores(transport, arena) : "", "}");
  return failure;
}

MissingRest describe_missing_rest(const Attempt& attempt, Arena& arena) {
  switch (attempt.timed_out()) {
    case AttemptTimeout::kPerTry: return {"upstream_per_try_timeout", ResponseFlag::kUpstreamRequestTimeout};
    case AttemptTimeout::kPerTryIdle: return {"upstream_per_try_idle_timeout", ResponseFlag::kUpstreamRequestTimeout};
    case AttemptTimeout::kMaxDuration:
      return {"upstream_max_stream_duration_reached", ResponseFlag::kUpstreamMaxStreamDurationReached};
    case AttemptTimeout::kNone: break;
  }
  Cause cause = cause_of(attempt);
  return {arena.concat("upstream_reset_after_response_started{", with_underscores(cause.text, arena), "}"), cause.flag};
}

}  // namespace proa::proxy
