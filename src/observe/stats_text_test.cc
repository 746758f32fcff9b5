#include "observe/stats_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace proa::observe {
namespace {

constexpr StatDef kStats[] = {{"rq_total"}, {"rq_active", StatKind::kGauge}, {"rq_time", StatKind::kHistogram}};
constexpr std::string_view kStatuses[] = {"rq"};
constexpr StatSchema kSchema{"cluster", kStats, kStatuses};

struct StatsText : testing::Test {
  Registry registry;
  StatGroup a{registry, kSchema, {"a.b", {{"envoy_cluster_name", "a\"b"}}}};
  StatGroup unused{registry, kSchema, {"unused", {{"envoy_cluster_name", "unused"}}}};
  StatsText() {
    a.add(0, 3);
    a.record(2, 7);
    a.count_status(0, 200);
  }
};

TEST_F(StatsText, text_is_one_sorted_line_a_stat) {
  std::string out;
  write_stats_text(registry, {.used_only = true}, out);
  EXPECT_EQ(out,
            "cluster.a.b.rq_200: 1\ncluster.a.b.rq_2xx: 1\ncluster.a.b.rq_total: 3\n"
            "cluster.a.b.rq_time: P0(nan,7) P25(nan,7) P50(nan,7) P75(nan,7) P90(nan,7) P95(nan,7) P99(nan,7) "
            "P99.5(nan,7) P99.9(nan,7) P100(nan,7)\n");
}

TEST_F(StatsText, filter_sees_full_names_and_zeroes_show_unless_unused) {
  std::string out;
  write_stats_text(registry, {.filter = [](std::string_view name) { return name.ends_with("rq_active"); }}, out);
  EXPECT_EQ(out, "cluster.a.b.rq_active: 0\ncluster.unused.rq_active: 0\n");
}

TEST_F(StatsText, what_went_back_to_zero_is_in_use) {
  a.add(1);
  a.sub(1);
  unused.set(1, 0);
  registry.reset_counters();
  const StatsQuery numbers{.used_only = true, .histograms = false};
  std::string text, json, prometheus;
  write_stats_text(registry, numbers, text);
  EXPECT_EQ(text, "cluster.a.b.rq_active: 0\ncluster.a.b.rq_total: 0\ncluster.unused.rq_active: 0\n");
  write_stats_json(registry, numbers, json);
  EXPECT_EQ(nlohmann::json::parse(json)["stats"][0], (nlohmann::json{{"name", "cluster.a.b.rq_active"}, {"value", 0}}));
  write_stats_prometheus(registry, numbers, prometheus);
  EXPECT_EQ(prometheus,
            "# TYPE envoy_cluster_rq_active gauge\nenvoy_cluster_rq_active{envoy_cluster_name=\"a\\\"b\"} 0\n"
            "envoy_cluster_rq_active{envoy_cluster_name=\"unused\"} 0\n"
            "# TYPE envoy_cluster_rq_total counter\nenvoy_cluster_rq_total{envoy_cluster_name=\"a\\\"b\"} 0\n");
}

TEST_F(StatsText, json_parses) {
  std::string out;
  write_stats_json(registry, {.used_only = true}, out);
  auto json = nlohmann::json::parse(out);
  EXPECT_EQ(json["stats"][2]["name"], "cluster.a.b.rq_total");
  EXPECT_EQ(json["stats"][2]["value"], 3);
  EXPECT_EQ(json["stats"].back()["histograms"]["computed_quantiles"][0]["values"][1]["cumulative"], 7);
}

TEST_F(StatsText, prometheus_keeps_a_family_together_and_escapes_labels) {
  std::string out;
  write_stats_prometheus(registry, {}, out);
  EXPECT_NE(out.find("# TYPE envoy_cluster_rq_total counter\n"
                     "envoy_cluster_rq_total{envoy_cluster_name=\"a\\\"b\"} 3\n"
                     "envoy_cluster_rq_total{envoy_cluster_name=\"unused\"} 0\n"),
            std::string::npos)
      << out;
  EXPECT_NE(out.find("envoy_cluster_rq{envoy_response_code=\"200\",envoy_cluster_name=\"a\\\"b\"} 1\n"),
            std::string::npos);
  EXPECT_NE(out.find("envoy_cluster_rq_time_bucket{envoy_cluster_name=\"a\\\"b\",le=\"5\"} 0\n"), std::string::npos);
  EXPECT_NE(out.find("envoy_cluster_rq_time_bucket{envoy_cluster_name=\"a\\\"b\",le=\"10\"} 1\n"), std::string::npos);
}

}  // namespace
}  // namespace proa::observe
