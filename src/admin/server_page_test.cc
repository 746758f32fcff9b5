#include <cstdlib>

#include "admin/test_server.h"

namespace proa::admin {
namespace {

using ServerPage = ServerTest;

TEST_F(ServerPage, ready_follows_the_state) {
  EXPECT_EQ(get("/ready").status, 503);
  EXPECT_EQ(get("/ready").body, "PRE_INITIALIZING\n");
  serve(TestConfig().yaml());
  EXPECT_EQ(get("/ready").status, 200);
  EXPECT_EQ(get("/ready").body, "LIVE\n");
}

TEST_F(ServerPage, failed_health_checks_are_draining_to_operators) {
  serve(TestConfig().yaml());
  EXPECT_EQ(post("/healthcheck/fail").status, 200);
  EXPECT_EQ(get("/ready").status, 503);
  EXPECT_EQ(get("/ready").body, "DRAINING\n");
  EXPECT_EQ(post("/healthcheck/ok").status, 200);
  EXPECT_EQ(get("/ready").status, 200);
}

TEST_F(ServerPage, server_info_has_the_fields_of_envoy) {
  serve(TestConfig().yaml());
  admin().context.command_line = {.config_path = "/etc/proa.yaml", .config_yaml = true, .concurrency = 3};
  auto info = json("/server_info");
  EXPECT_EQ(info["version"].get<std::string>().find("00beef1234/1.2.3/Clean/"), 0u);
  EXPECT_EQ(info["state"], "LIVE");
  EXPECT_EQ(info["uptime_current_epoch"].get<std::string>().back(), 's');
  EXPECT_EQ(info["uptime_all_epochs"], info["uptime_current_epoch"]);
  EXPECT_EQ(info["command_line_options"]["concurrency"], 3);
  EXPECT_EQ(info["command_line_options"]["config_yaml"], "[redacted]");
  EXPECT_EQ(info["command_line_options"]["drain_time"], "600s");
  EXPECT_EQ(info["node"]["id"], "n1");
  EXPECT_EQ(info["node"]["locality"]["zone"], "z1");
}

TEST_F(ServerPage, memory_is_more_than_nothing) {
  if (std::getenv("PROA_SANITIZED")) GTEST_SKIP() << "a sanitizer's allocator has no figures";
  auto memory = json("/memory");
  EXPECT_GT(std::stoull(memory["allocated"].get<std::string>()), 0u);
  EXPECT_GE(std::stoull(memory["total_physical_bytes"].get<std::string>()), 1'000'000u);
}

TEST_F(ServerPage, init_dump_is_empty_once_live) {
  serve(TestConfig().yaml());
  EXPECT_EQ(json("/init_dump"), nlohmann::json::object());
}

TEST_F(ServerPage, quit_is_called_after_the_answer) {
  EXPECT_EQ(post("/quitquitquit").status, 200);
  EXPECT_EQ(quits, 0);
  loop.run_once(Milliseconds(0));
  EXPECT_EQ(quits, 1);
}

TEST_F(ServerPage, callbacks_that_are_missing_are_said_to_be) {
  admin().context.quit = nullptr;
  admin().context.reopen_logs = nullptr;
  EXPECT_EQ(post("/quitquitquit").status, 501);
  EXPECT_EQ(post("/reopen_logs").status, 501);
}

TEST_F(ServerPage, logs_are_reopened) {
  EXPECT_EQ(post("/reopen_logs").status, 200);
  EXPECT_EQ(reopened, 1);
}

TEST_F(ServerPage, draining_stops_the_listeners) {
  serve(TestConfig().yaml());
  EXPECT_EQ(server->bound_addresses("main").size(), 1u);
  EXPECT_EQ(post("/drain_listeners?skip_exit").status, 400);
  EXPECT_EQ(post("/drain_listeners").status, 200);
  EXPECT_TRUE(server->bound_addresses("main").empty());
  EXPECT_EQ(get("/ready").status, 200);
}

TEST_F(ServerPage, draining_can_be_for_inbound_listeners_only) {
  TestConfig config;
  config.listeners = R"(, {"name": "in", "traffic_direction": "INBOUND", "address": )" + TestConfig::address(0) +
                     R"(, "filter_chains": [{"filters": [)" + TestConfig::http_manager(config.routes) + "]}]}";
  serve(config.yaml());
  EXPECT_EQ(server->bound_addresses("in").size(), 1u);
  EXPECT_EQ(post("/drain_listeners?inboundonly").body, "OK\n");
  EXPECT_TRUE(server->bound_addresses("in").empty());
  EXPECT_EQ(server->bound_addresses("main").size(), 1u);
  EXPECT_EQ(post("/drain_listeners?graceful&inboundonly").status, 200);
  EXPECT_EQ(get("/ready").body, "LIVE\n") << "the others serve on";
}

TEST_F(ServerPage, graceful_drain_is_a_state) {
  serve(TestConfig().yaml());
  EXPECT_EQ(post("/drain_listeners?graceful&skip_exit").status, 200);
  EXPECT_EQ(get("/ready").body, "DRAINING\n");
  EXPECT_EQ(post("/drain_listeners?graceful").status, 200);
}

}  // namespace
}  // namespace proa::admin
