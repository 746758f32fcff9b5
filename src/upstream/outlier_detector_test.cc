#include "upstream/outlier_detector.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "upstream/test_upstreams.h"

namespace proa::upstream {
namespace {

class OutlierTest : public testing::Test, public ClusterFixture {
 protected:
  void begin(int hosts) {
    std::vector<Endpoint> endpoints;
    for (int i = 1; i <= hosts; ++i) endpoints.push_back(endpoint("10.1.0." + std::to_string(i) + ":80"));
    ClusterSpec spec = static_cluster("backend", endpoints);
    spec.outlier = outlier;
    use(std::move(spec));
    loop.settle();
  }
  Host& host(size_t i) { return *cluster->members()[i].host; }
  bool ejected(size_t i) {
    loop.settle();
    return host(i).has(HealthFlag::kFailedOutlier);
  }
  void report(size_t i, Outcome outcome, int times = 1) {
    for (int n = 0; n < times; ++n) cluster->report(host(i), outcome);
  }
  std::shared_ptr<OutlierSpec> outlier = std::make_shared<OutlierSpec>();
};

TEST_F(OutlierTest, a_row_of_server_errors_ejects) {
  outlier->max_ejection_percent = 50;
  begin(2);
  report(0, Outcome::kServerError, 4);
  EXPECT_FALSE(ejected(0));
  report(0, Outcome::kSuccess);
  report(0, Outcome::kServerError, 4);
  EXPECT_FALSE(ejected(0));
  report(0, Outcome::kServerError);
  EXPECT_TRUE(ejected(0));
  EXPECT_EQ(cluster->hosts()->healthy(), 1u);
  EXPECT_EQ(stat(ClusterStat::kOdEjectionsActive), 1);
  EXPECT_EQ(stat(ClusterStat::kOdEnforced5xx), 1);
}

TEST_F(OutlierTest, three_failed_connections_eject_when_three_are_asked_for) {
  outlier->consecutive_5xx = 3;
  outlier->max_ejection_percent = 100;
  begin(1);
  report(0, Outcome::kConnectFailed, 3);
  EXPECT_TRUE(ejected(0));
}

TEST_F(OutlierTest, no_more_than_the_maximum_is_ejected) {
  outlier->max_ejection_percent = 50;
  begin(4);
  for (size_t i = 0; i < 4; ++i) report(i, Outcome::kServerError, 5);
  loop.settle();
  EXPECT_EQ(stat(ClusterStat::kOdEjectionsActive), 2);
  EXPECT_EQ(stat(ClusterStat::kOdEjectionsOverflow), 2);
}

TEST_F(OutlierTest, one_host_is_ejected_whatever_the_percentage_when_asked_for) {
  begin(2);
  report(0, Outcome::kServerError, 5);
  EXPECT_FALSE(ejected(0));
  outlier->always_eject_one_host = true;
  report(0, Outcome::kServerError, 5);
  EXPECT_TRUE(ejected(0));
}

TEST_F(OutlierTest, ejections_end_and_grow) {
  outlier->max_ejection_percent = 100;
  outlier->base_ejection_time = Milliseconds(15'000);
  begin(1);
  report(0, Outcome::kServerError, 5);
  EXPECT_TRUE(ejected(0));
  loop.run_for(Milliseconds(10'010));
  EXPECT_TRUE(ejected(0));
  loop.run_for(Milliseconds(10'010));
  EXPECT_FALSE(ejected(0));
  report(0, Outcome::kServerError, 5);
  EXPECT_TRUE(ejected(0));
  loop.run_for(Milliseconds(20'010));
  EXPECT_TRUE(ejected(0));  // twice the base now
  loop.run_for(Milliseconds(20'010));
  EXPECT_FALSE(ejected(0));
}

TEST_F(OutlierTest, gateway_errors_are_detected_but_not_enforced_by_default) {
  outlier->max_ejection_percent = 100;
  outlier->consecutive_5xx = 100;
  begin(1);
  report(0, Outcome::kGatewayError, 5);
  EXPECT_FALSE(ejected(0));
  EXPECT_EQ(stat(ClusterStat::kOdDetectedGateway), 1);
  EXPECT_EQ(stat(ClusterStat::kOdEnforcedGateway), 0);
}

TEST_F(OutlierTest, local_origin_errors_are_apart_when_split) {
  outlier->max_ejection_percent = 100;
  outlier->split_external_local_origin_errors = true;
  begin(1);
  report(0, Outcome::kServerError, 4);
  report(0, Outcome::kReset, 4);
  EXPECT_FALSE(ejected(0));
  report(0, Outcome::kReset);
  EXPECT_TRUE(ejected(0));
  EXPECT_EQ(stat(ClusterStat::kOdEnforcedLocal), 1);
}

TEST_F(OutlierTest, a_host_far_below_the_mean_success_rate_is_ejected) {
  outlier->max_ejection_percent = 100;
  outlier->consecutive_5xx = 1000;
  begin(6);
  for (size_t i = 0; i < 6; ++i) {
    report(i, Outcome::kSuccess, i == 0 ? 100 : 199);
    report(i, Outcome::kServerError, i == 0 ? 100 : 1);
  }
  loop.run_for(Milliseconds(10'010));
  EXPECT_TRUE(ejected(0));
  EXPECT_FALSE(ejected(1));
  EXPECT_EQ(stat(ClusterStat::kOdEnforcedSuccessRate), 1);
}

TEST_F(OutlierTest, failure_percentage_ejects_what_is_over_its_threshold) {
  outlier->max_ejection_percent = 100;
  outlier->consecutive_5xx = 1000;
  outlier->enforcing_success_rate = 0;
  outlier->enforcing_failure_percentage = 100;
  begin(5);
  for (size_t i = 0; i < 5; ++i) report(i, i == 2 ? Outcome::kServerError : Outcome::kSuccess, 100);
  loop.run_for(Milliseconds(10'010));
  EXPECT_TRUE(ejected(2));
  EXPECT_EQ(stat(ClusterStat::kOdEnforcedFailurePercentage), 1);
}

TEST_F(OutlierTest, events_are_logged_as_json_lines) {
  std::string path = testing::TempDir() + "outlier_events.json";
  std::remove(path.c_str());
  outlier->event_log_path = path;
  outlier->max_ejection_percent = 100;
  begin(1);
  report(0, Outcome::kServerError, 5);
  EXPECT_TRUE(ejected(0));
  std::string line;
  std::getline(std::ifstream(path) >> std::ws, line);
  auto event = nlohmann::json::parse(line);
  EXPECT_EQ(event["type"], "CONSECUTIVE_5XX");
  EXPECT_EQ(event["action"], "EJECT");
  EXPECT_EQ(event["upstream_url"], "10.1.0.1:80");
  EXPECT_EQ(event["enforced"], true);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace proa::upstream
