#include "route/retry_policy.h"

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "http/header_validity.h"

namespace proa::route {
namespace {

constexpr std::pair<std::string_view, uint32_t> kTokens[] = {
    {"5xx", kRetry5xx},
    {"gateway-error", kRetryGatewayError},
    {"reset", kRetryReset},
    {"reset-before-request", kRetryResetBeforeRequest},
    {"connect-failure", kRetryConnectFailure},
    {"envoy-ratelimited", kRetryEnvoyRateLimited},
    {"retriable-4xx", kRetryRetriable4xx},
    {"refused-stream", kRetryRefusedStream},
    {"retriable-status-codes", kRetryRetriableStatusCodes},
    {"retriable-headers", kRetryRetriableHeaders},
    {"http3-post-connect-failure", kRetryHttp3PostConnectFailure},
    {"cancelled", kRetryGrpcCancelled},
    {"deadline-exceeded", kRetryGrpcDeadlineExceeded},
    {"internal", kRetryGrpcInternal},
    {"resource-exhausted", kRetryGrpcResourceExhausted},
    {"unavailable", kRetryGrpcUnavailable},
};

constexpr uint32_t kMaxRetriesByHeader = 100;  // what a request may ask for

}  // namespace

uint32_t parse_retry_on(std::string_view tokens, std::string* unknown) {
  uint32_t bits = 0;
  http::for_each_list_element(tokens, [&](std::string_view token) {
    auto found =
        std::find_if(std::begin(kTokens), std::end(kTokens), [&](const auto& known) { return known.first == token; });
    if (found != std::end(kTokens)) {
      bits |= found->second;
    } else if (unknown) {
      *unknown += (unknown->empty() ? "" : ",") + std::string(token);
    }
    return true;
  });
  return bits;
}

RequestRetry request_retry(const RetryPolicy* policy, const http::RequestHead& request) {
  using http::HeaderId;
  static const RetryPolicy kNone;
  RequestRetry result;
  result.policy = policy ? policy : &kNone;
  const http::HeaderList& headers = request.headers;
  result.on = result.policy->on | parse_retry_on(headers.value(HeaderId::kXEnvoyRetryOn)) |
              parse_retry_on(headers.value(HeaderId::kXEnvoyRetryGrpcOn));
  const auto& conditions = result.policy->retriable_request_headers;
  if (!conditions.empty() && std::none_of(conditions.begin(), conditions.end(),
                                          [&](const auto& condition) { return condition.matches(request); })) {
    result.on = 0;
  }
  if (result.on == 0) return result;
  result.retries = result.policy->num_retries;
  if (auto asked = parse_decimal<uint64_t>(headers.value(HeaderId::kXEnvoyMaxRetries))) {
    result.retries = static_cast<uint32_t>(std::min<uint64_t>(*asked, kMaxRetriesByHeader));
  }
  result.more_status_codes = headers.value(HeaderId::kXEnvoyRetriableStatusCodes);
  result.more_header_names = headers.value(HeaderId::kXEnvoyRetriableHeaderNames);
  return result;
}

}  // namespace proa::route
