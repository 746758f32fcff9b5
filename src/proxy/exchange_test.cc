#include "proxy/exchange.h"

#include "proxy/test_exchange.h"

namespace proa::proxy {
namespace {

using observe::ResponseFlag;
using upstream::ClusterStat;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nhost: a.test\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
constexpr std::string_view kUnavailable = "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n";
constexpr std::string_view kHints = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";

/// A policy that tries again without delay.
route::RetryPolicy retrying(std::string_view on, uint32_t times = 1) {
  route::RetryPolicy policy;
  policy.on = route::parse_retry_on(on);
  policy.num_retries = times;
  policy.base_interval = policy.max_interval = Milliseconds(1);
  return policy;
}

TEST_F(ExchangeTest, carries_a_request_to_its_cluster_and_the_answer_back) {
  ask(kGet);
  EXPECT_TRUE(asked().starts_with("GET / HTTP/1.1\r\n"));
  answer(kOk);
  const std::string response = told();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200") && response.ends_with("ok")) << response;
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].code, 200);
  EXPECT_EQ(records[0].details, "via_upstream");
  EXPECT_EQ(records[0].attempts, 1U);
  EXPECT_EQ(stat(HttpStat::kRqActive), 0);
  EXPECT_EQ(stat(ClusterStat::kRqActive), 0);
}

TEST_F(ExchangeTest, an_exchange_is_over_before_the_next_request_of_its_connection) {
  ask(kGet);
  ask(kGet);
  EXPECT_EQ(upstreams.made.size(), 1U);
  EXPECT_EQ(stat(HttpStat::kRqActive), 1);
  answer(kOk);
  answer(kOk);
  EXPECT_EQ(upstreams.made.size(), 1U);  // the second goes where the first one went
  EXPECT_EQ(records.size(), 2U);
}

TEST_F(ExchangeTest, a_client_that_leaves_takes_its_attempt_along) {
  ask(kGet);
  client->close();
  loop.settle();
  EXPECT_TRUE(upstreams.made[0].server->peer_finished());
  ASSERT_EQ(records.size(), 1U);
  EXPECT_TRUE(records[0].has(ResponseFlag::kDownstreamConnectionTermination));
  EXPECT_EQ(records[0].details, "downstream_remote_disconnect");
  EXPECT_EQ(records[0].code, 0);
  EXPECT_EQ(stat(ClusterStat::kRqActive), 0);
}

TEST_F(ExchangeTest, the_routes_time_ends_the_attempt_under_way) {
  forward.timeout = Milliseconds(100);
  ask(kGet);
  loop.run_for(Milliseconds(99));
  EXPECT_EQ(told(), "");
  loop.run_for(Milliseconds(2));
  EXPECT_TRUE(told().starts_with("HTTP/1.1 504"));
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].details, "response_timeout");
  EXPECT_TRUE(records[0].has(ResponseFlag::kUpstreamRequestTimeout));
  EXPECT_EQ(stat(ClusterStat::kRqTimeout), 1);
  EXPECT_EQ(stat(ClusterStat::kRqCompleted), 1);
}

TEST_F(ExchangeTest, between_two_attempts_nobody_was_too_slow) {
  forward.timeout = Milliseconds(100);
  forward.retry = retrying("5xx");
  forward.retry->reset_headers = {{"retry-after", false}};
  ask(kGet);
  answer("HTTP/1.1 503 No\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n");
  loop.run_for(Milliseconds(101));
  EXPECT_TRUE(told().starts_with("HTTP/1.1 504"));
  EXPECT_EQ(stat(ClusterStat::kRqTimeout), 0);
  EXPECT_EQ(stat(ClusterStat::kRqRetry), 0) << "it never began";
  EXPECT_EQ(stat(ClusterStat::kRqRetryBackoffRatelimited), 0);
  EXPECT_EQ(stat(ClusterStat::kRqCompleted), 0);
  EXPECT_EQ(records[0].attempts, 1U);
}

TEST_F(ExchangeTest, a_time_out_counts_for_outlier_detection) {
  auto outlier = std::make_shared<upstream::OutlierSpec>();
  outlier->consecutive_5xx = 1;
  outlier->max_ejection_percent = 100;
  cluster.outlier = outlier;
  forward.timeout = Milliseconds(100);
  ask(kGet);
  loop.run_for(Milliseconds(101));
  EXPECT_EQ(stat(ClusterStat::kOdEjectionsActive), 1);
}

TEST_F(ExchangeTest, a_retry_is_counted_when_it_begins) {
  forward.retry = retrying("5xx");
  ask(kGet);
  answer(kUnavailable);
  loop.run_for(Milliseconds(2));
  EXPECT_EQ(stat(ClusterStat::kRqRetry), 1);
  EXPECT_EQ(stat(ClusterStat::kRqRetryBackoffExponential), 1);
  answer(kOk);
  EXPECT_TRUE(told().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(stat(ClusterStat::kRqRetrySuccess), 1);
  EXPECT_EQ(records[0].attempts, 2U);
}

TEST_F(ExchangeTest, retries_end_with_their_number) {
  forward.retry = retrying("5xx", 2);
  ask(kGet);
  for (int i = 0; i < 3; ++i) {
    answer(kUnavailable);
    loop.run_for(Milliseconds(2));
  }
  EXPECT_TRUE(told().starts_with("HTTP/1.1 503"));
  EXPECT_EQ(records[0].attempts, 3U);
  EXPECT_TRUE(records[0].has(ResponseFlag::kUpstreamRetryLimitExceeded));
  EXPECT_EQ(stat(ClusterStat::kRqRetryLimitExceeded), 1);
}

TEST_F(ExchangeTest, after_a_1xx_nothing_is_tried_again) {
  forward.retry = retrying("5xx");
  ask(kGet);
  answer(kHints);
  hang_up();
  loop.run_for(Milliseconds(10));
  const std::string response = told();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 103")) << response;
  EXPECT_TRUE(says(response, "HTTP/1.1 503")) << response;
  EXPECT_EQ(upstreams.made.size(), 1U);
  EXPECT_EQ(records[0].details, "upstream_reset_after_response_started{connection_termination}");
  EXPECT_EQ(stat(ClusterStat::kRqRetry), 0);
  EXPECT_EQ(stat(ClusterStat::kRqCompleted), 1) << "the 1xx";
}

TEST_F(ExchangeTest, after_a_1xx_nothing_is_replayed) {
  ask(kGet);
  answer(kOk);
  ask(kGet);
  answer(kHints);
  hang_up();
  EXPECT_EQ(upstreams.made.size(), 1U);
  EXPECT_EQ(stat(ClusterStat::kRqPerCxReplayed), 0);
}

TEST_F(ExchangeTest, the_time_of_a_try_ends_with_its_first_1xx) {
  forward.retry = retrying("5xx");
  forward.retry->per_try_timeout = Milliseconds(50);
  ask(kGet);
  answer(kHints);
  loop.run_for(Milliseconds(100));
  answer(kOk);
  EXPECT_TRUE(says(told(), "HTTP/1.1 200"));
  EXPECT_EQ(stat(ClusterStat::kRqPerTryTimeout), 0);
}

TEST_F(ExchangeTest, the_time_of_a_try_leads_to_the_next) {
  forward.retry = retrying("5xx");
  forward.retry->per_try_timeout = Milliseconds(50);
  ask(kGet);
  loop.run_for(Milliseconds(55));
  ASSERT_EQ(upstreams.made.size(), 2U);
  EXPECT_TRUE(upstreams.made[0].server->peer_finished());
  answer(kOk, 1);
  EXPECT_TRUE(told().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(stat(ClusterStat::kRqPerTryTimeout), 1);
}

TEST_F(ExchangeTest, a_kept_connection_that_closes_at_once_is_no_failure) {
  ask(kGet);
  answer(kOk);
  told();
  ask(kGet);
  hang_up();
  ASSERT_EQ(upstreams.made.size(), 2U);
  answer(kOk, 1);
  EXPECT_TRUE(told().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(stat(ClusterStat::kRqPerCxReplayed), 1);
  EXPECT_EQ(stat(ClusterStat::kRqRetry), 0);
  EXPECT_EQ(records[1].attempts, 1U);
}

TEST_F(ExchangeTest, what_may_have_been_done_is_not_done_again) {
  ask(kGet);
  answer(kOk);
  told();
  ask("POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 1\r\n\r\nx");
  hang_up();
  EXPECT_EQ(upstreams.made.size(), 1U);
  EXPECT_TRUE(told().starts_with("HTTP/1.1 503"));
  EXPECT_TRUE(records[1].has(ResponseFlag::kUpstreamConnectionTermination));
}

TEST_F(ExchangeTest, a_failure_after_the_head_cuts_the_answer_short) {
  ask(kGet);
  answer("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
  hang_up();
  EXPECT_TRUE(told().ends_with("abc"));
  EXPECT_TRUE(client->peer_finished());
  EXPECT_EQ(records[0].code, 200);
  EXPECT_TRUE(records[0].details.starts_with("upstream_reset_after_response_started{")) << records[0].details;
}

TEST_F(ExchangeTest, a_client_that_expects_is_told_to_go_on) {
  ask("POST / HTTP/1.1\r\nhost: a.test\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
  EXPECT_EQ(told(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_FALSE(says(asked(), "expect:"));
}

TEST_F(ExchangeTest, or_the_server_says_so_itself) {
  manager->proxy_100_continue = true;
  ask("POST / HTTP/1.1\r\nhost: a.test\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
  EXPECT_EQ(told(), "");
  EXPECT_TRUE(says(asked(), "expect: 100-continue"));
  answer("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(told(), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_F(ExchangeTest, a_request_that_does_not_end_is_given_up) {
  manager->request_timeout = Milliseconds(50);
  ask("POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 10\r\n\r\nabc");
  loop.run_for(Milliseconds(51));
  const std::string response = told();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 408") && says(response, "connection: close")) << response;
  EXPECT_EQ(stat(HttpStat::kRqTimeout), 1);
  EXPECT_EQ(records[0].received, 3U);
}

TEST_F(ExchangeTest, a_stream_on_which_nothing_moves_is_given_up) {
  manager->stream_idle_timeout = Milliseconds(50);
  forward.timeout = kNever;
  ask("POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 2\r\n\r\na");
  loop.run_for(Milliseconds(40));
  ask("b");
  loop.run_for(Milliseconds(40));
  EXPECT_EQ(told(), "") << "a byte begins it anew";
  loop.run_for(Milliseconds(11));
  EXPECT_TRUE(told().starts_with("HTTP/1.1 504"));
  EXPECT_TRUE(records[0].has(ResponseFlag::kStreamIdleTimeout));
}

TEST_F(ExchangeTest, nothing_lasts_longer_than_the_longest_stream) {
  manager->max_stream_duration = Milliseconds(50);
  ask(kGet);
  answer("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
  loop.run_for(Milliseconds(51));
  EXPECT_TRUE(client->peer_finished());
  EXPECT_EQ(stat(HttpStat::kRqMaxDurationReached), 1);
  EXPECT_EQ(records[0].details, "max_duration_timeout");
}

TEST_F(ExchangeTest, without_a_host_the_answer_comes_at_once) {
  cluster.assignment = {};
  ask(kGet);
  EXPECT_TRUE(says(told(), "no healthy upstream"));
  EXPECT_TRUE(records[0].has(ResponseFlag::kNoHealthyUpstream));
}

TEST_F(ExchangeTest, without_a_cluster_the_answer_comes_at_once) {
  forward.target = route::ToCluster{"nowhere"};
  ask(kGet);
  EXPECT_TRUE(told().starts_with("HTTP/1.1 503"));
  EXPECT_TRUE(records[0].has(ResponseFlag::kNoClusterFound));
  EXPECT_EQ(stat(HttpStat::kNoCluster), 1);
}

}  // namespace
}  // namespace proa::proxy
