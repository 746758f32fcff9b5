#include "upstream/http_pool.h"

#include <gtest/gtest.h>

#include "upstream/test_upstreams.h"

namespace proa::upstream {
namespace {

constexpr std::string_view kEmptySettings("\0\0\0\4\0\0\0\0\0", 9);

class HttpPoolTest : public testing::Test, public ClusterFixture {
 protected:
  ClusterSpec spec = static_cluster("backend", {endpoint("10.1.0.1:80")});
  std::shared_ptr<HttpSpec> http = std::make_shared<HttpSpec>();
  std::shared_ptr<BreakerSpec> breakers = std::make_shared<BreakerSpec>();
  void begin() {
    spec.http = http;
    spec.breakers = breakers;
    use(std::move(spec));
  }
};

TEST_F(HttpPoolTest, a_request_gets_a_new_connection_and_its_response) {
  begin();
  TestRequest request;
  pool().acquire(request);
  EXPECT_EQ(request.connection, nullptr);
  loop.settle();
  ASSERT_NE(request.connection, nullptr);
  EXPECT_FALSE(request.connection->reused());
  EXPECT_NE(upstreams.made[0].server->receive().find("GET / HTTP/1.1\r\n"), std::string::npos);
  EXPECT_EQ(stat(ClusterStat::kRqActive), 1);
  answer(0);
  loop.settle();
  EXPECT_EQ(request.status, 200);
  EXPECT_EQ(request.body, "ok");
  EXPECT_TRUE(request.done);
  EXPECT_EQ(stat(ClusterStat::kRqActive), 0);
  EXPECT_EQ(stat(ClusterStat::kCxActive), 1);
  EXPECT_EQ(cluster->breakers(RoutingPriority::kDefault).used(Resource::kRequests), 0u);
}

TEST_F(HttpPoolTest, the_next_request_reuses_the_idle_connection_within_acquire) {
  begin();
  TestRequest first, second;
  pool().acquire(first);
  loop.settle();
  answer(0);
  loop.settle();
  pool().acquire(second);
  ASSERT_NE(second.connection, nullptr);
  EXPECT_TRUE(second.connection->reused());
  EXPECT_EQ(upstreams.made.size(), 1u);
}

TEST_F(HttpPoolTest, the_connection_that_became_idle_last_is_used_first) {
  begin();
  TestRequest a, b, c;
  pool().acquire(a);
  pool().acquire(b);
  loop.settle();
  ASSERT_EQ(upstreams.made.size(), 2u);
  Connection* second = b.connection;
  answer(0);
  loop.settle();
  answer(1);
  loop.settle();
  pool().acquire(c);
  EXPECT_EQ(c.connection, second);
}

TEST_F(HttpPoolTest, a_waiter_may_cancel_and_its_connection_serves_the_next) {
  begin();
  TestRequest second;
  {
    TestRequest first;
    pool().acquire(first);
  }
  EXPECT_EQ(stat(ClusterStat::kRqPendingActive), 0);
  pool().acquire(second);
  loop.settle();
  EXPECT_NE(second.connection, nullptr);
  EXPECT_EQ(upstreams.made.size(), 1u);
}

TEST_F(HttpPoolTest, a_failed_connection_fails_its_waiter_and_counts_for_the_host) {
  upstreams.connect_at_once = false;
  begin();
  TestRequest request;
  pool().acquire(request);
  loop.run_for(Milliseconds(5001));
  EXPECT_TRUE(request.failed);
  EXPECT_EQ(request.failure, PoolFailure::kTimeout);
  EXPECT_EQ(stat(ClusterStat::kCxConnectTimeout), 1);
  EXPECT_EQ(stat(ClusterStat::kCxConnectFail), 1);
  EXPECT_EQ(stat(ClusterStat::kCxActive), 0);
  EXPECT_EQ(cluster->members()[0].host->hot.rq_error, 1u);
}

TEST_F(HttpPoolTest, a_connect_error_known_at_once_is_told_at_the_end_of_the_turn) {
  upstreams.refuse = true;
  begin();
  TestRequest request;
  pool().acquire(request);
  EXPECT_FALSE(request.failed);
  loop.settle();
  EXPECT_TRUE(request.failed);
  EXPECT_EQ(request.failure, PoolFailure::kConnectFailure);
  EXPECT_EQ(request.failure_details, "immediate connect error: refused");
  EXPECT_EQ(stat(ClusterStat::kRqPendingActive), 0);
}

TEST_F(HttpPoolTest, requests_over_max_pending_overflow_within_acquire) {
  breakers->of_default.max_pending_requests = 1;
  breakers->of_default.max_connections = 1;
  begin();
  TestRequest first, second;
  pool().acquire(first);
  EXPECT_EQ(stat(ClusterStat::kCbDefaultRqPendingOpen), 1);
  pool().acquire(second);
  EXPECT_TRUE(second.failed);
  EXPECT_EQ(second.failure, PoolFailure::kPendingOverflow);
  EXPECT_EQ(stat(ClusterStat::kRqPendingOverflow), 1);
  loop.settle();
  EXPECT_EQ(stat(ClusterStat::kCbDefaultRqPendingOpen), 0);
}

TEST_F(HttpPoolTest, requests_over_max_connections_wait_for_one_to_become_free) {
  breakers->of_default.max_connections = 1;
  begin();
  TestRequest first, second;
  pool().acquire(first);
  pool().acquire(second);
  loop.settle();
  EXPECT_EQ(upstreams.made.size(), 1u);
  EXPECT_EQ(stat(ClusterStat::kCbDefaultCxOpen), 1);
  EXPECT_GE(stat(ClusterStat::kCxOverflow), 1);
  EXPECT_EQ(second.connection, nullptr);
  answer(0);
  loop.settle();
  EXPECT_EQ(second.connection, first.connection);
}

TEST_F(HttpPoolTest, a_pool_without_a_connection_may_always_have_one) {
  breakers->of_default.max_connections = 0;
  begin();
  TestRequest request;
  pool().acquire(request);
  loop.settle();
  EXPECT_NE(request.connection, nullptr);
}

TEST_F(HttpPoolTest, requests_over_max_requests_overflow) {
  breakers->of_default.max_requests = 1;
  begin();
  TestRequest first, second;
  pool().acquire(first);
  loop.settle();
  EXPECT_EQ(stat(ClusterStat::kCbDefaultRqOpen), 1);
  pool().acquire(second);
  loop.settle();
  EXPECT_TRUE(second.failed);
  EXPECT_EQ(second.failure, PoolFailure::kOverflow);
  TestRequest of_high;
  pool(RoutingPriority::kHigh).acquire(of_high);
  loop.settle();
  EXPECT_NE(of_high.connection, nullptr);
}

TEST_F(HttpPoolTest, an_idle_connection_closes_after_its_time) {
  http->idle_timeout = Milliseconds(1000);
  begin();
  TestRequest request;
  pool().acquire(request);
  loop.settle();
  loop.run_for(Milliseconds(2000));  // busy: not idle
  EXPECT_EQ(stat(ClusterStat::kCxActive), 1);
  answer(0);
  loop.run_for(Milliseconds(1100));
  EXPECT_EQ(stat(ClusterStat::kCxActive), 0);
  EXPECT_EQ(stat(ClusterStat::kCxIdleTimeout), 1);
  EXPECT_EQ(stat(ClusterStat::kCxDestroyLocal), 1);
}

TEST_F(HttpPoolTest, a_connection_serves_no_more_than_max_requests) {
  http->max_requests_per_connection = 2;
  begin();
  for (size_t i = 0; i < 4; ++i) {
    TestRequest request;
    pool().acquire(request);
    loop.settle();
    ASSERT_NE(request.connection, nullptr) << i;
    answer(i / 2);
    loop.settle();
    EXPECT_TRUE(request.done) << i;
  }
  EXPECT_EQ(upstreams.made.size(), 2u);
  EXPECT_EQ(stat(ClusterStat::kCxMaxRequests), 2);
  EXPECT_EQ(stat(ClusterStat::kCxActive), 0);
}

TEST_F(HttpPoolTest, a_connection_past_its_age_finishes_its_request_and_closes) {
  http->max_connection_duration = Milliseconds(1000);
  begin();
  TestRequest request;
  pool().acquire(request);
  loop.settle();
  loop.run_for(Milliseconds(1500));
  EXPECT_EQ(stat(ClusterStat::kCxMaxDurationReached), 1);
  EXPECT_FALSE(request.reset);
  answer(0);
  loop.settle();
  EXPECT_TRUE(request.done);
  EXPECT_EQ(stat(ClusterStat::kCxActive), 0);
}

TEST_F(HttpPoolTest, a_close_without_a_response_on_a_reused_connection_may_be_replayed) {
  begin();
  TestRequest first, second;
  pool().acquire(first);
  loop.settle();
  answer(0);
  loop.settle();
  pool().acquire(second);
  bool reused = second.connection->reused();
  upstreams.made[0].server->close(true);
  loop.settle();
  ASSERT_TRUE(second.reset);
  EXPECT_EQ(second.reset_reason, http::ResetReason::kConnectionClosed);
  EXPECT_TRUE(may_replay(second.reset_reason, reused, second.status != 0, http::Method::kGet));
  EXPECT_FALSE(may_replay(second.reset_reason, reused, second.status != 0, http::Method::kPost));
  EXPECT_FALSE(may_replay(second.reset_reason, false, false, http::Method::kGet));
  EXPECT_EQ(stat(ClusterStat::kCxDestroyRemoteWithActiveRq), 1);
  EXPECT_EQ(stat(ClusterStat::kRqActive), 0);
}

TEST_F(HttpPoolTest, a_server_that_closes_an_idle_connection_is_noticed) {
  begin();
  TestRequest first, second;
  pool().acquire(first);
  loop.settle();
  answer(0);
  loop.settle();
  upstreams.made[0].server->close();
  loop.settle();
  EXPECT_EQ(stat(ClusterStat::kCxDestroyRemote), 1);
  pool().acquire(second);
  loop.settle();
  EXPECT_EQ(upstreams.made.size(), 2u);
  EXPECT_NE(second.connection, nullptr);
}

TEST_F(HttpPoolTest, streams_of_one_http2_connection_share_it) {
  http->protocol = UpstreamProtocol::kHttp2;
  begin();
  TestRequest a, b, c;
  pool().acquire(a);
  pool().acquire(b);
  loop.settle();
  ASSERT_NE(a.connection, nullptr);
  EXPECT_EQ(b.connection, nullptr);  // how many streams the peer takes is not known yet
  upstreams.made[0].server->send(kEmptySettings);
  loop.settle();
  pool().acquire(c);
  EXPECT_EQ(upstreams.made.size(), 1u);
  EXPECT_EQ(a.connection, b.connection);
  EXPECT_EQ(a.connection, c.connection);
  EXPECT_EQ(stat(ClusterStat::kRqActive), 3);
  a.stream->reset(http::ResetReason::kLocalReset);
  loop.settle();
  EXPECT_EQ(stat(ClusterStat::kRqActive), 2);
}

TEST_F(HttpPoolTest, no_more_streams_than_the_first_settings_allow) {
  http->protocol = UpstreamProtocol::kHttp2;
  begin();
  TestRequest a, b, c;
  for (TestRequest* request : {&a, &b, &c}) pool().acquire(*request);
  loop.settle();
  EXPECT_EQ(upstreams.made.size(), 1u);
  constexpr std::string_view kTwoStreams("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\2", 15);
  upstreams.made[0].server->send(kTwoStreams);
  loop.settle();
  EXPECT_EQ(b.connection, a.connection);
  EXPECT_EQ(upstreams.made.size(), 2u);
  EXPECT_NE(c.connection, a.connection);
}

TEST_F(HttpPoolTest, alpn_chooses_the_protocol_and_more_connections_follow_for_http1) {
  http->protocol = UpstreamProtocol::kAuto;
  upstreams.alpn = "http/1.1";
  begin();
  TestRequest a, b;
  pool().acquire(a);
  pool().acquire(b);
  loop.settle();
  EXPECT_EQ(upstreams.made.size(), 2u);
  EXPECT_NE(a.connection, b.connection);
  EXPECT_EQ(a.connection->version(), http::Version::kHttp11);
}

TEST_F(HttpPoolTest, connections_to_a_host_that_is_gone_finish_and_close) {
  begin();
  TestRequest request;
  pool().acquire(request);
  loop.settle();
  Assignment next;
  next.localities.push_back({{}, 0, 0, {endpoint("10.1.0.2:80")}});
  cluster->assign(next);
  loop.settle();
  EXPECT_EQ(stat(ClusterStat::kCxActive), 1);
  answer(0);
  loop.settle();
  EXPECT_TRUE(request.done);
  EXPECT_EQ(stat(ClusterStat::kCxActive), 0);
  TestRequest other;
  pool().acquire(other);
  EXPECT_EQ(upstreams.made.back().address.to_string(), "10.1.0.2:80");
}

TEST_F(HttpPoolTest, the_second_address_of_a_host_is_tried_when_the_first_fails) {
  auto dual = endpoint("10.1.0.1:80");
  dual.addresses.push_back(*net::Address::parse("[::1]:80"));
  spec = static_cluster("backend", {dual});
  upstreams.connect_at_once = false;
  begin();
  TestRequest request;
  pool().acquire(request);
  upstreams.connect_at_once = true;
  loop.run_for(Milliseconds(5001));
  EXPECT_FALSE(request.failed);
  ASSERT_EQ(upstreams.made.size(), 2u);
  EXPECT_EQ(upstreams.made[1].address.to_string(), "[::1]:80");
  EXPECT_NE(request.connection, nullptr);
}

TEST_F(HttpPoolTest, what_remains_under_a_breaker_is_shown_when_asked_for) {
  breakers->of_default.max_requests = 5;
  breakers->of_default.max_connections = 2;
  breakers->of_default.track_remaining = true;
  begin();
  EXPECT_EQ(stat(ClusterStat::kCbDefaultRemainingRq), 5);
  EXPECT_EQ(stat(ClusterStat::kCbHighRemainingRq), 0);
  TestRequest a, b;
  pool().acquire(a);
  pool().acquire(b);
  EXPECT_EQ(stat(ClusterStat::kCbDefaultRemainingPending), 1022);
  EXPECT_EQ(stat(ClusterStat::kCbDefaultRemainingCx), 0);
  loop.settle();
  EXPECT_EQ(stat(ClusterStat::kCbDefaultRemainingPending), 1024);
  EXPECT_EQ(stat(ClusterStat::kCbDefaultRemainingRq), 3);
  answer(0);
  loop.settle();
  EXPECT_EQ(stat(ClusterStat::kCbDefaultRemainingRq), 4);
}

TEST_F(HttpPoolTest, a_connection_above_the_limit_leaves_none_to_remain) {
  breakers->of_default.max_connections = 0;
  breakers->of_default.track_remaining = true;
  begin();
  TestRequest request;
  pool().acquire(request);  // a pool without a connection may have one
  EXPECT_EQ(stat(ClusterStat::kCxActive), 1);
  EXPECT_EQ(stat(ClusterStat::kCbDefaultRemainingCx), 0);
  loop.settle();
  answer(0);
  upstreams.made[0].server->close();
  loop.settle();
  EXPECT_EQ(stat(ClusterStat::kCxActive), 0);
  EXPECT_EQ(stat(ClusterStat::kCbDefaultRemainingCx), 0);
}

/// The pool for requests of one client, as a PROXY header or a server name asks for.
PoolKey key_of(uint64_t client) {
  auto options = std::make_shared<TransportOptions>();
  options->sni = std::to_string(client);
  options->hash = client;
  return {.options = std::move(options)};
}

TEST_F(HttpPoolTest, there_are_no_more_pools_than_the_breaker_allows) {
  breakers->of_default.max_connection_pools = 2;
  begin();
  LbContext context;
  HostRef host = worker->choose(context);
  TestRequest a, b;
  worker->http_pool(*host, key_of(1))->acquire(a);
  worker->http_pool(*host, key_of(2))->acquire(b);
  EXPECT_EQ(stat(ClusterStat::kCbDefaultCxPoolOpen), 1);
  EXPECT_EQ(worker->http_pool(*host, key_of(3)), nullptr);
  EXPECT_EQ(stat(ClusterStat::kCxPoolOverflow), 1);
  EXPECT_NE(worker->http_pool(*host, key_of(1)), nullptr) << "it is there already";
  EXPECT_NE(worker->http_pool(*host, {.priority = RoutingPriority::kHigh, .options = nullptr}), nullptr)
      << "another limit";
}

TEST_F(HttpPoolTest, a_pool_without_requests_makes_room_for_another) {
  breakers->of_default.max_connection_pools = 1;
  begin();
  LbContext context;
  HostRef host = worker->choose(context);
  TestRequest a, b;
  worker->http_pool(*host, key_of(1))->acquire(a);
  loop.settle();
  answer(0);
  loop.settle();
  EXPECT_TRUE(a.done);
  HttpPool* second = worker->http_pool(*host, key_of(2));
  ASSERT_NE(second, nullptr);
  second->acquire(b);
  loop.settle();
  EXPECT_TRUE(upstreams.made[0].server->peer_finished()) << "the idle connection went with its pool";
  answer(1);
  loop.settle();
  EXPECT_TRUE(b.done);
  EXPECT_EQ(stat(ClusterStat::kCxPoolOverflow), 0);
  EXPECT_EQ(cluster->breakers(RoutingPriority::kDefault).used(Resource::kPools), 1U);
}

}  // namespace
}  // namespace proa::upstream
