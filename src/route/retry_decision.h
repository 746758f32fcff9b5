// Should this attempt be tried again, and when? Pure functions: budgets, breakers and buffers are the caller's.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "http/message.h"
#include "http/stream.h"
#include "route/retry_policy.h"

namespace proa::route {

/// By a response head. gRPC statuses count when they come in the head (trailers-only), as in Envoy.
bool should_retry(const RequestRetry& retry, const http::ResponseHead& response);
/// By a reset before any response. `request_started`: bytes of this attempt may have been processed.
bool should_retry(const RequestRetry& retry, http::ResetReason reason, bool request_started);
/// By a per-try time-out: it counts as a 504 (5xx and gateway-error).
bool should_retry_on_timeout(const RequestRetry& retry);

/// The pause before retry number `attempt` (1, 2, ...): full jitter over min(max, base * (2^attempt - 1)).
Milliseconds retry_back_off(const RetryPolicy& policy, uint32_t attempt, uint64_t random);
/// What the reset headers of the response ask for, plus up to half of it as jitter; nullopt when there are none
/// or they ask for more than the policy's maximum.
std::optional<Milliseconds> rate_limited_back_off(const RetryPolicy& policy, const http::ResponseHead& response,
                                                  WallTime now, uint64_t random);

}  // namespace proa::route
