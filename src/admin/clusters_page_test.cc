#include "admin/test_server.h"

namespace proa::admin {
namespace {

using ClustersPage = ServerTest;

TEST_F(ClustersPage, text_has_a_line_for_each_fact) {
  serve(TestConfig().yaml());
  const std::string text = get("/clusters").body;
  for (auto line :
       {"a::observability_name::a", "a::default_priority::max_connections::1024", "a::high_priority::max_retries::3",
        "a::added_via_api::false", "a::127.0.0.1:1001::cx_active::0", "a::127.0.0.1:1001::rq_total::0",
        "a::127.0.0.1:1001::hostname::one", "a::127.0.0.1:1001::health_flags::healthy", "a::127.0.0.1:1001::weight::7",
        "a::127.0.0.1:1001::region::r", "a::127.0.0.1:1001::zone::z",
        "a::127.0.0.1:1001::sub_zone::", "a::127.0.0.1:1001::canary::false", "a::127.0.0.1:1001::priority::0"}) {
    EXPECT_NE(("\n" + text).find("\n" + std::string(line) + "\n"), text.npos) << line;
  }
  EXPECT_EQ(text.find("a::127.0.0.1:1002::health_flags::healthy"), text.npos);
}

TEST_F(ClustersPage, counters_of_a_host_are_shown) {
  serve(TestConfig().yaml());
  server->clusters().get("a")->members()[0].host->hot.rq_success = 5;
  EXPECT_NE(get("/clusters").body.find("a::127.0.0.1:1001::rq_success::5\n"), std::string::npos);
  auto stats = json("/clusters?format=json")["cluster_statuses"][0]["host_statuses"][0]["stats"];
  auto success = std::ranges::find(stats, nlohmann::json("rq_success"), [](const auto& s) { return s["name"]; });
  EXPECT_EQ((*success)["value"], "5");
}

TEST_F(ClustersPage, json_is_the_message_of_envoy) {
  serve(TestConfig().yaml());
  auto cluster = json("/clusters?format=json")["cluster_statuses"][0];
  EXPECT_EQ(cluster["name"], "a");
  EXPECT_EQ(cluster["circuit_breakers"]["thresholds"][1]["priority"], "HIGH");
  auto one = cluster["host_statuses"][0], two = cluster["host_statuses"][1];
  EXPECT_EQ(one["address"]["socket_address"]["port_value"], 1001);
  EXPECT_EQ(one["health_status"]["eds_health_status"], "HEALTHY");
  EXPECT_EQ(one["locality"]["region"], "r");
  EXPECT_EQ(one["weight"], 7);
  EXPECT_EQ(two["health_status"]["eds_health_status"], "DRAINING");
}

TEST_F(ClustersPage, active_health_is_a_flag) {
  serve(TestConfig().yaml());
  server->clusters().get("a")->members()[0].host->set(upstream::HealthFlag::kFailedActive, true);
  auto host = json("/clusters?format=json")["cluster_statuses"][0]["host_statuses"][0];
  EXPECT_EQ(host["health_status"]["failed_active_health_check"], true);
  EXPECT_NE(get("/clusters").body.find("a::127.0.0.1:1001::health_flags::/failed_active_hc\n"), std::string::npos);
}

using ListenersPage = ServerTest;

TEST_F(ListenersPage, shows_the_port_that_the_kernel_chose) {
  serve(TestConfig().yaml());
  const net::Address bound = server->bound_addresses("main").at(0);
  EXPECT_NE(bound.port(), 0);
  EXPECT_EQ(get("/listeners").body, "main::" + bound.to_string() + "\n");
  auto status = json("/listeners?format=json")["listener_statuses"][0];
  EXPECT_EQ(status["name"], "main");
  EXPECT_EQ(status["local_address"]["socket_address"]["port_value"], bound.port());
}

}  // namespace
}  // namespace proa::admin
