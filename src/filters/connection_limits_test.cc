// The two network filters that bound connections: how many are open, how many come.
#include <gtest/gtest.h>

#include "base/arena.h"
#include "filters/all.h"
#include "observe/registry.h"

namespace proa::filters {
namespace {

struct ConnectionLimits : testing::Test {
  observe::Registry registry;
  Arena arena;
  observe::StreamInfo info;

  std::shared_ptr<observe::StatGroup> stats(const observe::StatSchema& schema) {
    return std::make_shared<observe::StatGroup>(registry, schema, observe::StatName{"x", {}});
  }
};

TEST_F(ConnectionLimits, a_place_is_free_again_when_a_connection_closes) {
  auto counts = stats(kConnectionLimitSchema);
  auto limit = make_connection_limit({.max_connections = 2}, counts);
  EXPECT_TRUE(limit->admit(info, arena));
  EXPECT_TRUE(limit->admit(info, arena));
  EXPECT_FALSE(limit->admit(info, arena));
  EXPECT_FALSE(limit->admit(info, arena));
  EXPECT_EQ(info.connection_termination_details, "over_connection_limit");
  EXPECT_EQ(counts->value(0), 2);  // limited_connections
  EXPECT_EQ(counts->value(1), 2);  // active_connections: a refused one was never active
  limit->on_close();
  EXPECT_TRUE(limit->admit(info, arena));
  EXPECT_FALSE(limit->admit(info, arena));
}

TEST_F(ConnectionLimits, a_token_for_each_connection) {
  auto counts = stats(kConnectionRateLimitSchema);
  auto limit = make_connection_rate_limit(std::make_shared<TokenBucket>(1, 1, std::chrono::seconds(10)), counts);
  info.start = MonoTime(std::chrono::seconds(5));
  EXPECT_TRUE(limit->admit(info, arena));
  limit->on_close();  // gives no token back
  EXPECT_FALSE(limit->admit(info, arena));
  EXPECT_TRUE(info.has(observe::ResponseFlag::kUpstreamRetryLimitExceeded));
  EXPECT_EQ(info.connection_termination_details, "local_ratelimit_close_over_limit");
  EXPECT_EQ(counts->value(0), 1);
  info.start += std::chrono::seconds(10);
  EXPECT_TRUE(limit->admit(info, arena));
}

}  // namespace
}  // namespace proa::filters
