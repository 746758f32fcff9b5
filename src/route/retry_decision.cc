#include "route/retry_decision.h"

#include <algorithm>

#include "base/number.h"
#include "http/header_validity.h"

namespace proa::route {
namespace {

using http::HeaderId;

bool retriable_status(const RequestRetry& retry, uint16_t status) {
  const auto& codes = retry.policy->retriable_status_codes;
  if (std::find(codes.begin(), codes.end(), status) != codes.end()) return true;
  return !http::for_each_list_element(retry.more_status_codes, [&](std::string_view text) {
    return parse_decimal<uint16_t>(text) != status;  // false, when it is this one, stops
  });
}

bool retriable_header(const RequestRetry& retry, const http::ResponseHead& response) {
  const auto& matchers = retry.policy->retriable_headers;
  if (std::any_of(matchers.begin(), matchers.end(), [&](const auto& m) { return m.matches(response); })) return true;
  return !http::for_each_list_element(retry.more_header_names, [&](std::string_view name) {
    const auto fields = response.headers.all();
    return std::none_of(fields.begin(), fields.end(),
                        [&](const http::Header& field) { return http::equal_ignoring_case(field.name, name); });
  });
}

// The bit of a gRPC status that can be retried, or 0.
uint32_t grpc_bit(const http::ResponseHead& response) {
  auto status = parse_decimal<uint32_t>(response.headers.value(HeaderId::kGrpcStatus));
  switch (status.value_or(0)) {
    case 1: return kRetryGrpcCancelled;
    case 4: return kRetryGrpcDeadlineExceeded;
    case 8: return kRetryGrpcResourceExhausted;
    case 13: return kRetryGrpcInternal;
    case 14: return kRetryGrpcUnavailable;
    default: return 0;
  }
}

}  // namespace

bool should_retry(const RequestRetry& retry, const http::ResponseHead& response) {
  if (!retry.on) return false;
  const auto& headers = response.headers;
  const uint16_t status = response.status;
  // An upstream that says it is overloaded must not be asked again; a rate limit only when the policy wants that.
  if (headers.has(HeaderId::kXEnvoyOverloaded)) return false;
  if (headers.has(HeaderId::kXEnvoyRateLimited)) return retry.on & kRetryEnvoyRateLimited;
  if ((retry.on & kRetry5xx) && status >= 500 && status < 600) return true;
  if ((retry.on & kRetryGatewayError) && status >= 502 && status <= 504) return true;
  if ((retry.on & kRetryRetriable4xx) && status == 409) return true;
  if ((retry.on & kRetryRetriableStatusCodes) && retriable_status(retry, status)) return true;
  if ((retry.on & kRetryRetriableHeaders) && retriable_header(retry, response)) return true;
  return retry.on & grpc_bit(response);
}

bool should_retry(const RequestRetry& retry, http::ResetReason reason, bool request_started) {
  using http::ResetReason;
  // Our own limits and decisions are no failure of the upstream.
  if (reason == ResetReason::kOverload || reason == ResetReason::kLocalReset || reason == ResetReason::kNone) {
    return false;
  }
  // A reset counts as a 5xx, because that is what it would end as.
  if (retry.on & (kRetryReset | kRetry5xx | kRetryGatewayError)) return true;
  if ((retry.on & kRetryResetBeforeRequest) && !request_started) return true;
  if ((retry.on & kRetryRefusedStream) && reason == ResetReason::kRemoteRefused) return true;
  return (retry.on & kRetryConnectFailure) && reason == ResetReason::kConnectFailure;
}

bool should_retry_on_timeout(const RequestRetry& retry) {
  return retry.on & (kRetry5xx | kRetryGatewayError | kRetryReset);
}

Milliseconds retry_back_off(const RetryPolicy& policy, uint32_t attempt, uint64_t random) {
  const uint64_t base = std::max<int64_t>(1, policy.base_interval.count());
  const uint64_t most = std::max<uint64_t>(base, std::max<int64_t>(0, policy.max_interval.count()));
  const uint32_t doublings = std::min(std::max(attempt, 1U), 31U);
  const uint64_t range = std::min(most, base * ((uint64_t{1} << doublings) - 1));
  return Milliseconds(static_cast<int64_t>(random % std::max<uint64_t>(1, range)));
}

std::optional<Milliseconds> rate_limited_back_off(const RetryPolicy& policy, const http::ResponseHead& response,
                                                  WallTime now, uint64_t random) {
  for (const ResetHeader& header : policy.reset_headers) {
    const http::Header* field = response.headers.find(header.name);
    if (!field) continue;
    auto number = parse_decimal<uint64_t>(http::trim(field->value));
    if (!number) continue;
    uint64_t seconds = *number;
    if (header.unix_timestamp) {
      auto epoch = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
      if (epoch < 0 || seconds < static_cast<uint64_t>(epoch)) continue;
      seconds -= static_cast<uint64_t>(epoch);
    }
    if (seconds > static_cast<uint64_t>(policy.reset_max_interval.count()) / 1000) continue;
    if (seconds == 0) return std::nullopt;  // no limit any more: the usual pause
    const uint64_t interval = seconds * 1000;
    return Milliseconds(static_cast<int64_t>(interval + random % (interval / 2 + 1)));
  }
  return std::nullopt;
}

}  // namespace proa::route
