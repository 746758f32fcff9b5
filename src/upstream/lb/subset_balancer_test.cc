#include "upstream/lb/subset_balancer.h"

#include <gtest/gtest.h>

#include "upstream/lb/test_hosts.h"

namespace proa::upstream {
namespace {

class SubsetTest : public testing::Test {
 protected:
  SubsetTest() {
    subset->selectors.push_back({{"version"}, SubsetFallback::kNotDefined, {}, false});
    subset->selectors.push_back({{"stage", "version"}, SubsetFallback::kNotDefined, {}, false});
  }
  std::map<std::string, int> choose(const SubsetValues& values) {
    auto spec = policy(LbPolicy::kRoundRobin);
    spec->subset = subset;
    SubsetCriteria criteria(values);
    LbContext context;
    context.subset = &criteria;
    return histogram(*make_balancer(spec, hosts.set(), {}), 100, context);
  }
  std::shared_ptr<SubsetSpec> subset = std::make_shared<SubsetSpec>();
  TestHosts hosts{{{"1.1.1.1:1", 1, 0, "", 0, HealthStatus::kUnknown, R"({"version":"1","stage":"prod"})"},
                   {"1.1.1.2:1", 1, 0, "", 0, HealthStatus::kUnknown, R"({"version":"1","stage":"dev"})"},
                   {"1.1.1.3:1", 1, 0, "", 0, HealthStatus::kUnknown, R"({"version":["2","3"]})"},
                   {"1.1.1.4:1"}}};
};

TEST_F(SubsetTest, a_request_goes_to_hosts_with_its_values) {
  auto counts = choose({{"version", "\"1\""}});
  EXPECT_EQ(counts["1.1.1.1:1"], 50);
  EXPECT_EQ(counts["1.1.1.2:1"], 50);
  EXPECT_EQ(choose({{"version", "\"1\""}, {"stage", "\"dev\""}})["1.1.1.2:1"], 100);
}

TEST_F(SubsetTest, without_a_subset_and_fallback_there_is_no_host) {
  EXPECT_EQ(choose({{"version", "\"9\""}})[""], 100);
  EXPECT_EQ(choose({{"unknown", "\"9\""}})[""], 100);
  EXPECT_EQ(choose({})[""], 100);
}

TEST_F(SubsetTest, any_endpoint_falls_back_to_all_hosts) {
  subset->fallback = SubsetFallback::kAnyEndpoint;
  EXPECT_EQ(choose({{"version", "\"9\""}})["1.1.1.4:1"], 25);
}

TEST_F(SubsetTest, the_default_subset_is_used) {
  subset->fallback = SubsetFallback::kDefaultSubset;
  subset->default_subset = {{"stage", "\"prod\""}};
  EXPECT_EQ(choose({})["1.1.1.1:1"], 100);
}

TEST_F(SubsetTest, a_selector_has_its_own_fallback) {
  subset->fallback = SubsetFallback::kAnyEndpoint;
  subset->selectors[0].fallback = SubsetFallback::kNoFallback;
  EXPECT_EQ(choose({{"version", "\"9\""}})[""], 100);
}

TEST_F(SubsetTest, keys_subset_tries_again_with_fewer_keys) {
  subset->selectors[1].fallback = SubsetFallback::kKeysSubset;
  subset->selectors[1].fallback_keys = {"version"};
  auto counts = choose({{"version", "\"1\""}, {"stage", "\"none\""}});
  EXPECT_EQ(counts["1.1.1.1:1"], 50);
}

TEST_F(SubsetTest, a_list_is_many_values_only_when_asked_for) {
  EXPECT_EQ(choose({{"version", "\"2\""}})[""], 100);
  subset->list_as_any = true;
  EXPECT_EQ(choose({{"version", "\"3\""}})["1.1.1.3:1"], 100);
}

TEST_F(SubsetTest, panic_mode_any_is_the_last_resort) {
  subset->panic_mode_any = true;
  EXPECT_EQ(choose({{"version", "\"9\""}})["1.1.1.4:1"], 25);
}

TEST_F(SubsetTest, redundant_keys_select_the_largest_selector_that_fits) {
  subset->allow_redundant_keys = true;
  EXPECT_EQ(choose({{"version", "\"1\""}, {"stage", "\"dev\""}, {"more", "1"}})["1.1.1.2:1"], 100);
}

TEST_F(SubsetTest, single_host_per_subset_keeps_one) {
  subset->selectors[0].single_host_per_subset = true;
  EXPECT_EQ(choose({{"version", "\"1\""}})["1.1.1.1:1"], 100);
}

}  // namespace
}  // namespace proa::upstream
