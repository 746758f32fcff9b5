#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "admin/test_server.h"

namespace proa::admin {
namespace {

using StatsPage = ServerTest;

bool has_line(const std::string& text, std::string_view line) {
  return ("\n" + text).find("\n" + std::string(line) + "\n") != std::string::npos;
}

/// What pilot-agent asks for until the proxy is ready: the value of a live server is 0.
TEST_F(StatsPage, readiness_of_an_agent) {
  serve(TestConfig().yaml());
  const auto target = "/stats?usedonly&filter=^(server\\.state|listener_manager\\.workers_started)";
  EXPECT_EQ(get(target).body, "listener_manager.workers_started: 1\nserver.state: 0\n");
  post("/healthcheck/fail");
  EXPECT_EQ(get(target).body, "listener_manager.workers_started: 1\nserver.state: 1\n");
}

TEST_F(StatsPage, server_state_stands_in_its_place) {
  serve(TestConfig().yaml());
  const std::string text = get("/stats?usedonly&filter=^server").body;
  std::istringstream lines(text);
  std::string line, before;
  while (std::getline(lines, line)) {
    EXPECT_LT(before, line);
    before = line;
  }
  EXPECT_TRUE(has_line(text, "server.state: 0"));
}

TEST_F(StatsPage, tells_of_the_process) {
  serve(TestConfig().yaml());
  const std::string text = get("/stats").body;
  for (auto line :
       {"server.live: 1", "server.concurrency: 1", "server.total_connections: 0", "server.version: 48879",
        "server.days_until_first_cert_expiring: 4294967295", "listener_manager.total_listeners_active: 1"}) {
    EXPECT_TRUE(has_line(text, line)) << line;
  }
}

TEST_F(StatsPage, filters_by_expression_and_type) {
  serve(TestConfig().yaml());
  EXPECT_EQ(get("/stats?filter=^server\\.live$").body, "server.live: 1\n");
  EXPECT_EQ(get("/stats?filter=^server&type=Counters").body, "");
  EXPECT_EQ(get("/stats?filter=(").status, 400);
  EXPECT_EQ(get("/stats?type=Widgets").status, 400);
  EXPECT_EQ(get("/stats?format=xml").status, 400);
  EXPECT_EQ(get("/stats?histogram_buckets=detailed").status, 400);
}

TEST_F(StatsPage, json_agrees_with_text) {
  serve(TestConfig().yaml());
  auto stats = json("/stats?format=json&filter=^server\\.concurrency")["stats"];
  EXPECT_EQ(stats[0]["name"], "server.concurrency");
  EXPECT_EQ(stats[0]["value"], 1);
}

TEST_F(StatsPage, html_escapes_what_was_asked) {
  const std::string body = get("/stats?format=html&filter=%22%3E%3Cscript%3E").body;
  EXPECT_EQ(body.find("<script>"), body.npos);
  EXPECT_NE(body.find("&quot;&gt;&lt;script&gt;"), body.npos);
}

TEST_F(StatsPage, reset_zeroes_counters_but_not_gauges) {
  serve(TestConfig().yaml());
  get("/stats");
  EXPECT_EQ(post("/reset_counters").status, 200);
  EXPECT_TRUE(has_line(get("/stats").body, "server.live: 1"));
}

/// promtool's complaints of style are about Envoy's names, which dashboards know; anything else is a broken format.
TEST_F(StatsPage, prometheus_format_is_accepted_by_promtool) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "no promtool";
  serve(TestConfig().yaml());
  const std::string metrics = testing::TempDir() + "admin_metrics_" + std::to_string(::getpid());
  std::ofstream(metrics) << get("/stats/prometheus").body;
  std::system(("promtool check metrics <" + metrics + " >" + metrics + ".out 2>&1").c_str());
  std::ifstream out(metrics + ".out");
  std::string line;
  while (std::getline(out, line)) {
    const bool style = line.ends_with("no help text") ||
                       line.ends_with("counter metrics should have \"_total\" suffix") ||
                       line.ends_with("non-counter metrics should not have \"_total\" suffix") ||
                       line.find("use base unit") != line.npos || line.find("abbreviated units") != line.npos;
    EXPECT_TRUE(style) << line;
  }
  std::remove(metrics.c_str());
  std::remove((metrics + ".out").c_str());
}

TEST_F(StatsPage, prometheus_is_also_a_format_of_stats) {
  EXPECT_EQ(get("/stats?format=prometheus&filter=^server\\.live").body,
            get("/stats/prometheus?filter=^server\\.live").body);
  EXPECT_EQ(get("/stats/prometheus").content_type, "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace
}  // namespace proa::admin
