#include <gtest/gtest.h>

#include "filters/all.h"
#include "filters/fake_exchange.h"
#include "observe/registry.h"

namespace proa::filters {
namespace {

using observe::ResponseFlag;

const route::Fraction kAll{{100, 100}, {}};

struct FaultTest : testing::Test {
  observe::Registry registry;
  std::shared_ptr<observe::StatGroup> stats =
      std::make_shared<observe::StatGroup>(registry, kFaultSchema, observe::StatName{"edge", {}});
  std::shared_ptr<FaultConfig> config = std::make_shared<FaultConfig>();
  enum { kDelays, kAborts, kOverflow, kActive };

  std::unique_ptr<Filter> filter() { return make_fault(config, stats); }
  void abort_with(uint16_t status) {
    config->abort_status = status;
    config->abort_share = kAll;
  }
  void delay_by(int milliseconds) {
    config->delay = Milliseconds(milliseconds);
    config->delay_share = kAll;
  }
};

TEST_F(FaultTest, without_a_fault_requests_pass) {
  FakeExchange x(filter());
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  x.filter().on_complete(x);
  EXPECT_EQ(stats->value(kActive), 0);
}

TEST_F(FaultTest, an_abort_answers) {
  abort_with(503);
  FakeExchange x(filter());
  EXPECT_EQ(x.request_head(), Verdict::kDone);
  ASSERT_TRUE(x.reply);
  EXPECT_EQ(x.reply->status, 503);
  EXPECT_EQ(x.reply->body, "fault filter abort");
  EXPECT_EQ(x.reply->details, "fault_filter_abort");
  EXPECT_EQ(x.reply->grpc_status, -1) << "mapped from the status";
  EXPECT_TRUE(x.stream_info.has(ResponseFlag::kFaultInjected));
  EXPECT_EQ(stats->value(kAborts), 1);
  EXPECT_EQ(stats->value(kActive), 1);
  x.filter().on_complete(x);
  EXPECT_EQ(stats->value(kActive), 0);
}

TEST_F(FaultTest, a_grpc_abort_has_the_status_of_grpc) {
  config->abort_grpc = 14;
  config->abort_share = kAll;
  FakeExchange x(filter());
  EXPECT_EQ(x.request_head(), Verdict::kDone);
  EXPECT_EQ(x.reply->status, 200);
  EXPECT_EQ(x.reply->grpc_status, 14);
}

TEST_F(FaultTest, a_delay_holds_the_request_for_its_time) {
  delay_by(200);
  FakeExchange x(filter());
  EXPECT_EQ(x.request_head(), Verdict::kWait);
  EXPECT_TRUE(x.stream_info.has(ResponseFlag::kDelayInjected));
  EXPECT_EQ(stats->value(kDelays), 1);
  x.test_loop.run_for(Milliseconds(199));
  EXPECT_EQ(x.resumed, 0);
  x.test_loop.run_for(Milliseconds(2));
  EXPECT_EQ(x.resumed, 1);
  EXPECT_FALSE(x.reply);
}

TEST_F(FaultTest, an_abort_comes_after_the_delay) {
  delay_by(10);
  abort_with(429);
  FakeExchange x(filter());
  EXPECT_EQ(x.request_head(), Verdict::kWait);
  EXPECT_FALSE(x.reply);
  x.test_loop.run_for(Milliseconds(11));
  ASSERT_TRUE(x.reply);
  EXPECT_EQ(x.reply->status, 429);
  EXPECT_EQ(x.resumed, 0);
  EXPECT_EQ(stats->value(kActive), 1) << "both are one fault";
}

TEST_F(FaultTest, a_request_that_ends_in_the_delay_stops_it) {
  delay_by(10);
  FakeExchange x(filter());
  x.request_head();
  x.filter().on_complete(x);
  x.test_loop.run_for(Milliseconds(20));
  EXPECT_EQ(x.resumed, 0);
  EXPECT_EQ(stats->value(kActive), 0);
}

TEST_F(FaultTest, a_share_of_requests_by_their_random_number) {
  abort_with(500);
  config->abort_share = route::Fraction{{30, 100}, {}};
  FakeExchange hit(filter()), miss(filter());
  hit.stream_info.random = 1029;
  miss.stream_info.random = 1030;
  EXPECT_EQ(hit.request_head(), Verdict::kDone);
  EXPECT_EQ(miss.request_head(), Verdict::kContinue);
}

TEST_F(FaultTest, headers_choose_the_abort) {
  config->abort_from_header = true;
  config->abort_share = kAll;
  auto status = [&](std::string_view name, std::string_view value) {
    FakeExchange x(filter());
    x.head.headers.add(name, value);
    x.request_head();
    return x.reply ? static_cast<int>(x.reply->status) : 0;
  };
  EXPECT_EQ(status("x-envoy-fault-abort-request", "418"), 418);
  for (const char* no_status : {"199", "600", "-1", "5xx", "418 ", ""}) {
    EXPECT_EQ(status("x-envoy-fault-abort-request", no_status), 0) << no_status;
  }
  EXPECT_EQ(status("x-envoy-fault-abort-grpc-request", "5"), 200);
  EXPECT_EQ(status("x-envoy-fault-abort-grpc-request", "17"), 0);
  EXPECT_EQ(status("x-other", "1"), 0);
}

TEST_F(FaultTest, headers_choose_the_delay) {
  config->delay_from_header = true;
  config->delay_share = kAll;
  FakeExchange x(filter());
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  x.head.headers.add("x-envoy-fault-delay-request", "25");
  EXPECT_EQ(x.request_head(), Verdict::kWait);
  x.test_loop.run_for(Milliseconds(26));
  EXPECT_EQ(x.resumed, 1);
}

TEST_F(FaultTest, a_header_lowers_the_share_and_never_raises_it) {
  config->abort_from_header = true;
  config->abort_share = route::Fraction{{50, 100}, {}};
  auto aborts = [&](std::string_view percentage, uint64_t random) {
    FakeExchange x(filter());
    x.stream_info.random = random;
    x.head.headers.add("x-envoy-fault-abort-request", "503");
    x.head.headers.add("x-envoy-fault-abort-request-percentage", percentage);
    return x.request_head() == Verdict::kDone;
  };
  EXPECT_TRUE(aborts("20", 19));
  EXPECT_FALSE(aborts("20", 20));
  EXPECT_TRUE(aborts("100", 49));
  EXPECT_FALSE(aborts("100", 50));
  EXPECT_TRUE(aborts("4294967296", 49)) << "a large number is no small one";
}

TEST_F(FaultTest, only_requests_that_match) {
  abort_with(500);
  config->headers.push_back(*http::HeaderMatcher::make({"x-fault", http::HeaderMatcher::Present{true}, false, false}));
  FakeExchange x(filter());
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  x.head.headers.add("x-fault", "1");
  EXPECT_EQ(x.request_head(), Verdict::kDone);
}

TEST_F(FaultTest, only_requests_to_one_cluster) {
  abort_with(500);
  config->upstream_cluster = "shop";
  FakeExchange x(filter());
  EXPECT_EQ(x.request_head(), Verdict::kContinue) << "no route";
  route::Route route;
  x.matched = &route;
  route.cluster = "other";
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  route.cluster = "shop";
  EXPECT_EQ(x.request_head(), Verdict::kDone);
}

TEST_F(FaultTest, not_more_faults_at_once_than_allowed) {
  abort_with(500);
  config->max_active = 1;
  FakeExchange first(filter()), second(filter());
  EXPECT_EQ(first.request_head(), Verdict::kDone);
  EXPECT_EQ(second.request_head(), Verdict::kContinue);
  EXPECT_EQ(stats->value(kOverflow), 1);
  first.filter().on_complete(first);
  EXPECT_EQ(second.request_head(), Verdict::kDone);
}

TEST_F(FaultTest, a_routes_own_fault_stands_instead) {
  abort_with(500);
  FakeExchange x(filter());
  FaultConfig own;
  x.of_route = &own;
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  route::PerFilterConfig only_turned_on;
  x.of_route = &only_turned_on;
  EXPECT_EQ(x.request_head(), Verdict::kDone);
}

}  // namespace
}  // namespace proa::filters
