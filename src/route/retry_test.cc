#include <gtest/gtest.h>

#include "route/retry_decision.h"
#include "route/test_request.h"

namespace proa::route {
namespace {

using http::ResetReason;

struct Response {
  Arena arena;
  http::ResponseHead head{arena};
  explicit Response(uint16_t status,
                    std::initializer_list<std::pair<std::string_view, std::string_view>> headers = {}) {
    head.status = status;
    for (auto& [name, value] : headers) head.headers.add(name, value);
  }
};

RequestRetry with(std::string_view on, const RetryPolicy& policy = {}) {
  RequestRetry retry;
  retry.policy = &policy;
  retry.on = parse_retry_on(on);
  retry.retries = 1;
  return retry;
}

bool retried(std::string_view on, const Response& response) {
  RetryPolicy policy;
  return should_retry(with(on, policy), response.head);
}

TEST(RetryOn, unknown_tokens_are_left_out_and_told) {
  std::string unknown;
  EXPECT_EQ(parse_retry_on(" 5xx, reset ,nope,unavailable,huh", &unknown),
            kRetry5xx | kRetryReset | kRetryGrpcUnavailable);
  EXPECT_EQ(unknown, "nope,huh");
}

TEST(Retry, by_status) {
  EXPECT_TRUE(retried("5xx", Response(500)));
  EXPECT_FALSE(retried("5xx", Response(499)));
  EXPECT_TRUE(retried("gateway-error", Response(502)));
  EXPECT_FALSE(retried("gateway-error", Response(500)));
  EXPECT_TRUE(retried("retriable-4xx", Response(409)));
  EXPECT_FALSE(retried("retriable-4xx", Response(404)));
  EXPECT_FALSE(retried("", Response(500)));
}

TEST(Retry, an_overloaded_upstream_is_not_asked_again) {
  EXPECT_FALSE(retried("5xx", Response(503, {{"x-envoy-overloaded", "true"}})));
  EXPECT_FALSE(retried("5xx", Response(503, {{"x-envoy-ratelimited", "true"}})));
  EXPECT_TRUE(retried("envoy-ratelimited", Response(429, {{"x-envoy-ratelimited", "true"}})));
}

TEST(Retry, by_grpc_status_in_the_head) {
  EXPECT_TRUE(retried("unavailable", Response(200, {{"grpc-status", "14"}})));
  EXPECT_TRUE(retried("cancelled,internal", Response(200, {{"grpc-status", "13"}})));
  EXPECT_FALSE(retried("unavailable", Response(200, {{"grpc-status", "13"}})));
  EXPECT_FALSE(retried("unavailable", Response(200)));
}

TEST(Retry, by_codes_and_headers_of_policy_and_request) {
  RetryPolicy policy;
  policy.on = parse_retry_on("retriable-status-codes,retriable-headers");
  policy.retriable_status_codes = {418};
  TestRequest request("/", "h",
                      {{"x-envoy-retriable-status-codes", "429, 404"}, {"x-envoy-retriable-header-names", "X-Again"}});
  RequestRetry retry = request_retry(&policy, request.head);
  EXPECT_TRUE(should_retry(retry, Response(418).head));
  EXPECT_TRUE(should_retry(retry, Response(404).head));
  EXPECT_FALSE(should_retry(retry, Response(403).head));
  EXPECT_TRUE(should_retry(retry, Response(200, {{"x-again", "1"}}).head));
}

TEST(Retry, by_reset) {
  RetryPolicy policy;
  EXPECT_TRUE(should_retry(with("5xx", policy), ResetReason::kRemoteReset, true));
  EXPECT_TRUE(should_retry(with("reset", policy), ResetReason::kConnectionClosed, true));
  EXPECT_FALSE(should_retry(with("reset", policy), ResetReason::kOverload, true));
  EXPECT_TRUE(should_retry(with("refused-stream", policy), ResetReason::kRemoteRefused, false));
  EXPECT_FALSE(should_retry(with("refused-stream", policy), ResetReason::kRemoteReset, false));
  EXPECT_TRUE(should_retry(with("connect-failure", policy), ResetReason::kConnectFailure, false));
  EXPECT_FALSE(should_retry(with("connect-failure", policy), ResetReason::kRemoteReset, false));
  EXPECT_TRUE(should_retry(with("reset-before-request", policy), ResetReason::kConnectionClosed, false));
  EXPECT_FALSE(should_retry(with("reset-before-request", policy), ResetReason::kConnectionClosed, true));
}

TEST(RequestRetry, headers_add_conditions_and_replace_the_count) {
  TestRequest request(
      "/", "h", {{"x-envoy-retry-on", "5xx"}, {"x-envoy-retry-grpc-on", "internal"}, {"x-envoy-max-retries", "4"}});
  RequestRetry retry = request_retry(nullptr, request.head);
  EXPECT_EQ(retry.on, kRetry5xx | kRetryGrpcInternal);
  EXPECT_EQ(retry.retries, 4u);
  TestRequest many("/", "h", {{"x-envoy-retry-on", "5xx"}, {"x-envoy-max-retries", "99999999999"}});
  EXPECT_EQ(request_retry(nullptr, many.head).retries, 100u);
  EXPECT_FALSE(request_retry(nullptr, TestRequest("/").head).enabled());
}

TEST(RequestRetry, only_for_requests_that_the_policy_names) {
  RetryPolicy policy;
  policy.on = kRetry5xx;
  policy.retriable_request_headers.push_back(
      http::HeaderMatcher::make({":method", http::StringMatcher::exact("GET")}).value());
  EXPECT_TRUE(request_retry(&policy, TestRequest("/").head).enabled());
  EXPECT_FALSE(request_retry(&policy, TestRequest("/", "h", {}, "POST").head).enabled());
}

TEST(RetryBackOff, full_jitter_within_growing_bounds) {
  RetryPolicy policy;
  for (uint64_t random : {0ULL, 24ULL, 25ULL, ~0ULL}) {
    EXPECT_LT(retry_back_off(policy, 1, random).count(), 25);
    EXPECT_LT(retry_back_off(policy, 2, random).count(), 75);
    EXPECT_LT(retry_back_off(policy, 1000, random).count(), 250);
  }
  EXPECT_EQ(retry_back_off(policy, 1, 24).count(), 24);
}

TEST(RetryBackOff, reset_headers_tell_when) {
  RetryPolicy policy;
  policy.reset_headers = {{"retry-after", false}, {"x-ratelimit-reset", true}};
  WallTime now{std::chrono::seconds(1000)};
  auto wait = [&](const Response& response) { return rate_limited_back_off(policy, response.head, now, 0); };
  EXPECT_EQ(wait(Response(429, {{"retry-after", "2"}})), Milliseconds(2000));
  EXPECT_EQ(wait(Response(429, {{"x-ratelimit-reset", "1003"}})), Milliseconds(3000));
  EXPECT_EQ(wait(Response(429, {{"x-ratelimit-reset", "999"}})), std::nullopt);
  EXPECT_EQ(wait(Response(429, {{"retry-after", "301"}})), std::nullopt);
  EXPECT_EQ(wait(Response(429)), std::nullopt);
  EXPECT_EQ(wait(Response(429, {{"retry-after", "0"}, {"x-ratelimit-reset", "1003"}})), std::nullopt) << "at once";
}

}  // namespace
}  // namespace proa::route
