#include "route/strict_headers.h"

#include <gtest/gtest.h>

#include <vector>

namespace proa::route {
namespace {

using http::HeaderId;

const std::vector<HeaderId> kAll{HeaderId::kXEnvoyUpstreamRqTimeoutMs, HeaderId::kXEnvoyUpstreamRqPerTryTimeoutMs,
                                 HeaderId::kXEnvoyMaxRetries, HeaderId::kXEnvoyRetryOn, HeaderId::kXEnvoyRetryGrpcOn};

std::string_view malformed(std::string_view name, std::string_view value) {
  Arena arena;
  http::HeaderList headers(arena);
  headers.add(name, value);
  const http::Header* found = find_malformed(kAll, headers);
  return found ? found->value : "(none)";
}

TEST(StrictHeaders, numbers_are_decimal) {
  for (std::string_view name :
       {"x-envoy-upstream-rq-timeout-ms", "x-envoy-upstream-rq-per-try-timeout-ms", "x-envoy-max-retries"}) {
    EXPECT_EQ(malformed(name, "100"), "(none)");
    for (std::string_view value : {"10.0", "abc", "", "-1", "0x10"}) EXPECT_EQ(malformed(name, value), value) << name;
  }
}

TEST(StrictHeaders, conditions_are_known_and_of_their_own_list) {
  EXPECT_EQ(malformed("x-envoy-retry-on", "5xx,gateway-error , reset"), "(none)");
  EXPECT_EQ(malformed("x-envoy-retry-on", "5xx,cancelled"), "5xx,cancelled");
  EXPECT_EQ(malformed("x-envoy-retry-on", "6xx"), "6xx");
  EXPECT_EQ(malformed("x-envoy-retry-grpc-on", "cancelled, unavailable"), "(none)");
  EXPECT_EQ(malformed("x-envoy-retry-grpc-on", "5xx"), "5xx");
}

TEST(StrictHeaders, only_what_is_named_is_checked_and_every_field_of_it) {
  Arena arena;
  http::HeaderList headers(arena);
  headers.add("x-envoy-max-retries", "1");
  headers.add("x-envoy-upstream-rq-timeout-ms", "x");
  headers.add("x-envoy-max-retries", "many");
  const std::vector<HeaderId> names{HeaderId::kXEnvoyMaxRetries};
  ASSERT_TRUE(find_malformed(names, headers));
  EXPECT_EQ(find_malformed(names, headers)->value, "many");
  EXPECT_FALSE(find_malformed({}, headers));
}

}  // namespace
}  // namespace proa::route
