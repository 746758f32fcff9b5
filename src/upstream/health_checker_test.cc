#include "upstream/health_checker.h"

#include <gtest/gtest.h>

#include "grpc/frame.h"
#include "upstream/test_upstreams.h"

namespace proa::upstream {
namespace {

class HealthCheckTest : public testing::Test, public ClusterFixture {
 protected:
  HealthCheckTest() {
    check->interval = Milliseconds(1000);
    check->no_traffic_interval = Milliseconds(1000);
    check->timeout = Milliseconds(100);
    spec = static_cluster("backend", {endpoint("10.1.0.1:80")});
  }
  void begin() {
    spec.health_checks.push_back(check);
    use(std::move(spec));
    loop.run_for(Milliseconds(2));  // the first check is a timer of no length
  }
  Host& host() { return *cluster->members()[0].host; }
  bool healthy() { return host().health() == Health::kHealthy; }
  // Answers the check that is under way on the newest connection, then lets the next one start.
  void answer_check(std::string_view response) {
    auto& server = *upstreams.made.back().server;
    ASSERT_NE(server.receive(), "");
    server.send(response);
    loop.settle();
  }
  void next_round() { loop.run_for(Milliseconds(1002)); }
  static constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
  static constexpr std::string_view kBad = "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n";
  std::shared_ptr<HealthCheckSpec> check = std::make_shared<HealthCheckSpec>();
  ClusterSpec spec;
};

TEST_F(HealthCheckTest, a_new_host_is_unhealthy_until_its_first_success_which_makes_the_cluster_ready) {
  begin();
  EXPECT_FALSE(healthy());
  EXPECT_FALSE(ready);
  answer_check(kOk);
  EXPECT_TRUE(healthy());
  EXPECT_TRUE(ready);
  EXPECT_EQ(cluster->hosts()->healthy(), 1u);
  EXPECT_EQ(stat(ClusterStat::kHcSuccess), 1);
  EXPECT_EQ(stat(ClusterStat::kHcHealthy), 1);
}

TEST_F(HealthCheckTest, the_request_is_what_was_configured) {
  check->path = "/healthz";
  check->host = "check.example";
  check->method = "HEAD";
  check->headers_to_add = {{"x-check", "yes"}};
  begin();
  std::string request = upstreams.made[0].server->receive();
  EXPECT_NE(request.find("HEAD /healthz HTTP/1.1\r\n"), std::string::npos) << request;
  EXPECT_NE(request.find("check.example"), std::string::npos);
  EXPECT_NE(request.find("x-check: yes"), std::string::npos);
}

TEST_F(HealthCheckTest, an_unexpected_status_makes_unhealthy_at_once) {
  begin();
  answer_check(kOk);
  next_round();
  EXPECT_EQ(upstreams.made.size(), 1u);  // the connection is kept
  answer_check(kBad);
  EXPECT_FALSE(healthy());
  EXPECT_EQ(cluster->hosts()->healthy(), 0u);
}

TEST_F(HealthCheckTest, retriable_statuses_and_timeouts_count_against_the_threshold) {
  check->retriable = {{500, 501}};
  begin();
  answer_check(kOk);
  next_round();
  answer_check(kBad);
  EXPECT_TRUE(healthy());
  next_round();
  loop.run_for(Milliseconds(101));  // no answer
  EXPECT_FALSE(healthy());
  EXPECT_EQ(stat(ClusterStat::kHcNetworkFailure), 1);
}

TEST_F(HealthCheckTest, a_failed_host_needs_healthy_threshold_successes) {
  begin();
  answer_check(kBad);
  EXPECT_FALSE(healthy());
  EXPECT_TRUE(ready);  // checked once
  next_round();
  answer_check(kOk);
  EXPECT_FALSE(healthy());
  next_round();
  answer_check(kOk);
  EXPECT_TRUE(healthy());
}

TEST_F(HealthCheckTest, another_service_that_answers_is_a_failure) {
  check->service_name = http::StringMatcher::exact("shop");
  begin();
  answer_check("HTTP/1.1 200 OK\r\nx-envoy-upstream-healthchecked-cluster: shop\r\ncontent-length: 0\r\n\r\n");
  EXPECT_TRUE(healthy());
  next_round();
  answer_check("HTTP/1.1 200 OK\r\nx-envoy-upstream-healthchecked-cluster: shop-eu\r\ncontent-length: 0\r\n\r\n");
  EXPECT_FALSE(healthy());
  EXPECT_EQ(stat(ClusterStat::kHcVerifyCluster), 2) << "both were looked at";
}

TEST_F(HealthCheckTest, a_degraded_answer_degrades) {
  begin();
  answer_check("HTTP/1.1 200 OK\r\nx-envoy-degraded: 1\r\ncontent-length: 0\r\n\r\n");
  EXPECT_EQ(host().health(), Health::kDegraded);
  EXPECT_EQ(cluster->hosts()->degraded(), 1u);
}

TEST_F(HealthCheckTest, a_refused_connection_is_a_network_failure) {
  upstreams.refuse = true;
  begin();
  loop.run_for(Milliseconds(10));
  EXPECT_FALSE(healthy());
  EXPECT_EQ(stat(ClusterStat::kHcNetworkFailure), 1);
  EXPECT_TRUE(ready);
}

TEST_F(HealthCheckTest, a_passive_failure_takes_the_host_out_until_a_check_passes) {
  begin();
  answer_check(kOk);
  cluster->fail_health_check(host());
  loop.settle();
  EXPECT_FALSE(healthy());
  EXPECT_EQ(cluster->hosts()->excluded(), 1u);
}

TEST_F(HealthCheckTest, a_host_removed_from_discovery_stays_while_its_checks_pass) {
  begin();
  answer_check(kOk);
  cluster->assign({});
  loop.settle();
  EXPECT_EQ(cluster->hosts()->size(), 1u);
  next_round();
  answer_check(kBad);
  EXPECT_EQ(cluster->hosts()->size(), 0u);
}

TEST_F(HealthCheckTest, tcp_checks_match_bytes_in_order) {
  check->kind = HealthCheckSpec::Kind::kTcp;
  check->send = "PING";
  check->receive = {"PO", "NG"};
  begin();
  EXPECT_EQ(upstreams.made[0].server->receive(), "PING");
  upstreams.made[0].server->send("PO");
  loop.settle();
  EXPECT_FALSE(healthy());
  upstreams.made[0].server->send("xxNG");
  loop.settle();
  EXPECT_TRUE(healthy());
}

TEST_F(HealthCheckTest, a_tcp_check_may_be_a_mere_connect) {
  check->kind = HealthCheckSpec::Kind::kTcp;
  begin();
  EXPECT_TRUE(healthy());
  next_round();
  EXPECT_EQ(upstreams.made.size(), 2u);
}

TEST_F(HealthCheckTest, an_endpoint_may_say_where_it_is_checked_or_that_it_is_not) {
  auto own = std::make_shared<HealthCheckOverride>();
  own->port = 8080;
  auto none = std::make_shared<HealthCheckOverride>();
  none->disabled = true;
  spec.assignment.localities[0].endpoints[0].health_check = own;
  auto unchecked = endpoint("10.1.0.2:80");
  unchecked.health_check = none;
  spec.assignment.localities[0].endpoints.push_back(unchecked);
  begin();
  ASSERT_EQ(upstreams.made.size(), 1u);
  EXPECT_EQ(upstreams.made[0].address.to_string(), "10.1.0.1:8080");
  EXPECT_EQ(cluster->members()[1].host->health(), Health::kHealthy);
}

}  // namespace
}  // namespace proa::upstream
