// When and how often a request is tried again: the policy, and how a request's own headers change it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/header_matcher.h"
#include "http/message.h"

namespace proa::route {

/// Tokens of retry_on and retry_grpc_on, as bits.
enum RetryOn : uint32_t {
  kRetry5xx = 1 << 0,
  kRetryGatewayError = 1 << 1,
  kRetryReset = 1 << 2,
  kRetryResetBeforeRequest = 1 << 3,
  kRetryConnectFailure = 1 << 4,
  kRetryEnvoyRateLimited = 1 << 5,
  kRetryRetriable4xx = 1 << 6,
  kRetryRefusedStream = 1 << 7,
  kRetryRetriableStatusCodes = 1 << 8,
  kRetryRetriableHeaders = 1 << 9,
  kRetryHttp3PostConnectFailure = 1 << 10,
  kRetryGrpcCancelled = 1 << 11,
  kRetryGrpcDeadlineExceeded = 1 << 12,
  kRetryGrpcInternal = 1 << 13,
  kRetryGrpcResourceExhausted = 1 << 14,
  kRetryGrpcUnavailable = 1 << 15,
};
/// Bits of a comma-separated list; unknown tokens are left out, and told in `unknown` when it is given.
uint32_t parse_retry_on(std::string_view tokens, std::string* unknown = nullptr);

/// A response header that tells when to try again (Retry-After, X-RateLimit-Reset).
struct ResetHeader {
  std::string name;             ///< lower case
  bool unix_timestamp = false;  ///< else seconds
};

/// Named host predicates; upstream/ knows what they do.
enum class RetryHostPredicate : uint8_t { kPreviousHosts, kOmitCanaryHosts, kOmitHostMetadata };

struct RetryPolicy {
  uint32_t on = 0;  ///< bits of RetryOn
  uint32_t num_retries = 1;
  Milliseconds per_try_timeout{0};       ///< 0: the route's timeout
  Milliseconds per_try_idle_timeout{0};  ///< 0: off
  Milliseconds base_interval{25};
  Milliseconds max_interval{250};          ///< 10 * base unless set
  std::vector<ResetHeader> reset_headers;  ///< rate_limited_retry_back_off
  Milliseconds reset_max_interval{300'000};
  std::vector<uint16_t> retriable_status_codes;
  std::vector<http::HeaderMatcher> retriable_headers;          ///< of the response; any
  std::vector<http::HeaderMatcher> retriable_request_headers;  ///< any; empty: every request
  std::vector<RetryHostPredicate> host_predicates;
  /// Of kOmitHostMetadata: keys under envoy.lb, and values as compact JSON.
  std::vector<std::pair<std::string, std::string>> omit_host_metadata;
  uint32_t host_selection_max_attempts = 1;
  uint32_t previous_priorities_update_frequency = 0;  ///< retry_priority; 0: off
};

/// The policy of one request: the route's with what x-envoy-retry-on, -retry-grpc-on, -max-retries,
/// -retriable-header-names and -retriable-status-codes say. Small; lives in the exchange.
struct RequestRetry {
  const RetryPolicy* policy = nullptr;  ///< never null
  uint32_t on = 0;
  uint32_t retries = 0;
  std::string_view more_status_codes;  ///< the header's comma-separated list
  std::string_view more_header_names;
  bool enabled() const { return on != 0 && retries > 0; }
};

/// `policy` may be null: a request can still ask for retries itself. Whether the headers of this request are
/// trusted is the caller's decision: external ones have been stripped before.
RequestRetry request_retry(const RetryPolicy* policy, const http::RequestHead& request);

}  // namespace proa::route
