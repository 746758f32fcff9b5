#include <gtest/gtest.h>

#include "filters/all.h"
#include "filters/fake_exchange.h"
#include "observe/registry.h"
#include "observe/stats_text.h"

namespace proa::filters {
namespace {

const route::Fraction kAll{{100, 100}, {}};

struct LocalRateLimitTest : testing::Test {
  observe::Registry registry;
  std::shared_ptr<LocalRateLimitConfig> config = limit(2);

  std::shared_ptr<LocalRateLimitConfig> limit(uint32_t tokens) {
    auto made = std::make_shared<LocalRateLimitConfig>();
    made->bucket = std::make_shared<TokenBucket>(tokens, 1, Milliseconds(1000));
    made->enabled = made->enforced = kAll;
    made->stats = std::make_shared<observe::StatGroup>(registry, kLocalRateLimitSchema, observe::StatName{"mine", {}});
    return made;
  }
  int64_t counted(size_t index) { return config->stats->value(index); }
  enum { kEnabled, kEnforced, kLimited, kOk };
};

TEST_F(LocalRateLimitTest, answers_429_when_the_tokens_are_gone_and_goes_on_with_new_ones) {
  FakeExchange x(make_local_rate_limit(config));
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(x.request_head(), Verdict::kDone);
  ASSERT_TRUE(x.reply);
  EXPECT_EQ(x.reply->status, 429);
  EXPECT_EQ(x.reply->details, "local_rate_limited");
  EXPECT_TRUE(x.reply->headers->empty());
  EXPECT_TRUE(x.stream_info.has(observe::ResponseFlag::kRateLimited));
  x.test_loop.run_for(Milliseconds(1000));
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(counted(kEnabled), 4);
  EXPECT_EQ(counted(kOk), 3);
  EXPECT_EQ(counted(kLimited), 1);
  EXPECT_EQ(counted(kEnforced), 1);
}

TEST_F(LocalRateLimitTest, only_counts_when_it_is_not_enforced) {
  config->enforced.reset();
  FakeExchange x(make_local_rate_limit(config));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(counted(kLimited), 1);
  EXPECT_EQ(counted(kEnforced), 0);
}

TEST_F(LocalRateLimitTest, is_off_until_it_is_enabled) {
  config->enabled.reset();
  FakeExchange x(make_local_rate_limit(config));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(counted(kEnabled), 0);
}

TEST_F(LocalRateLimitTest, a_routes_own_limit_stands_instead) {
  auto own = limit(1);
  FakeExchange x(make_local_rate_limit(config));
  x.of_route = own.get();
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(x.request_head(), Verdict::kDone);
  EXPECT_EQ(counted(kEnabled), 0);
}

TEST_F(LocalRateLimitTest, each_connection_has_its_own_tokens_when_told) {
  config->connection_key = new_connection_key();
  FakeExchange x(make_local_rate_limit(config));
  for (int connection = 0; connection < 3; ++connection) {
    x.of_connection.clear();
    EXPECT_EQ(x.request_head(), Verdict::kContinue);
    EXPECT_EQ(x.request_head(), Verdict::kContinue);
    EXPECT_EQ(x.request_head(), Verdict::kDone);
  }
  x.test_loop.run_for(Milliseconds(1000));
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(config->bucket->available(x.loop().now()), 2U) << "the shared one is not touched";
}

TEST_F(LocalRateLimitTest, tells_limit_remaining_and_reset_when_asked) {
  config->ratelimit_headers = true;
  FakeExchange x(make_local_rate_limit(config));
  x.request_head();
  EXPECT_EQ(x.response_header("x-ratelimit-limit"), "2");
  EXPECT_EQ(x.response_header("x-ratelimit-remaining"), "1");
  EXPECT_EQ(x.response_header("x-ratelimit-reset"), "1");
}

TEST_F(LocalRateLimitTest, statistics_stand_under_the_configured_prefix) {
  FakeExchange x(make_local_rate_limit(config));
  x.request_head();
  std::string text;
  observe::write_stats_text(registry, {}, text);
  EXPECT_NE(text.find("mine.http_local_rate_limit.ok: 1"), std::string::npos) << text;
}

}  // namespace
}  // namespace proa::filters
