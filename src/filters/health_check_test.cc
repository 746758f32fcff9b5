#include <gtest/gtest.h>

#include "filters/all.h"
#include "filters/fake_exchange.h"

namespace proa::filters {
namespace {

struct HealthCheckTest : testing::Test {
  std::atomic<bool> failing{false};

  HealthCheckConfig config(bool pass_through = false) {
    HealthCheckConfig made{.pass_through = pass_through, .service_cluster = "shop", .failing = &failing};
    made.headers.push_back(*http::HeaderMatcher::make({":path", http::StringMatcher::exact("/healthz"), false, false}));
    return made;
  }
  static constexpr std::string_view kChecked = "x-envoy-upstream-healthchecked-cluster";
  static constexpr std::string_view kFailNow = "x-envoy-immediate-health-check-fail";
};

TEST_F(HealthCheckTest, a_probe_is_answered_here) {
  FakeExchange x(make_health_check(config()));
  x.head.path = "/healthz";
  EXPECT_EQ(x.request_head(), Verdict::kDone);
  EXPECT_EQ(x.reply->status, 200);
  EXPECT_EQ(x.reply->details, "health_check_ok");
  EXPECT_TRUE(x.stream_info.health_check);
  EXPECT_EQ(x.response_header(kChecked), "shop");
}

TEST_F(HealthCheckTest, a_probe_is_passed_through_but_for_its_mark) {
  FakeExchange x(make_health_check(config(true)));
  x.head.path = "/healthz";
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_FALSE(x.reply);
  EXPECT_TRUE(x.stream_info.health_check);
  EXPECT_EQ(x.response_header(kChecked), "shop");
}

TEST_F(HealthCheckTest, a_failing_process_fails_every_probe) {
  failing = true;
  for (bool pass_through : {false, true}) {
    FakeExchange x(make_health_check(config(pass_through)));
    x.head.path = "/healthz";
    EXPECT_EQ(x.request_head(), Verdict::kDone);
    EXPECT_EQ(x.reply->status, 503);
    EXPECT_EQ(x.reply->details, "health_check_failed");
    EXPECT_TRUE(x.stream_info.has(observe::ResponseFlag::kFailedLocalHealthCheck));
    EXPECT_EQ(x.response_header(kFailNow), "(none)");
  }
}

TEST_F(HealthCheckTest, a_failing_process_says_so_in_ordinary_responses) {
  FakeExchange x(make_health_check(config()));
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_FALSE(x.stream_info.health_check);
  EXPECT_EQ(x.response_header(kFailNow), "(none)");
  failing = true;
  EXPECT_EQ(x.response_header(kFailNow), "true");
  EXPECT_EQ(x.response_header(kChecked), "(none)");
}

}  // namespace
}  // namespace proa::filters
