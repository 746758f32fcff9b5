#include "config/lb_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using upstream::HashFunction;
using upstream::LbPolicy;
using upstream::SubsetFallback;

struct LbCompile : CompileTest {
  std::shared_ptr<const upstream::LbSpec> compile(const std::string& fields) {
    problems = {};
    return compile_lb(read<envoy::config::cluster::v3::Cluster>("{name: c, " + fields + "}"), at);
  }
  /// One policy of load_balancing_policy; `folder` and `type` as in the API.
  static std::string extension(const std::string& folder, const std::string& type, const std::string& fields = "") {
    return "{typed_extension_config: {name: p, typed_config: {\"@type\": "
           "type.googleapis.com/envoy.extensions.load_balancing_policies." +
           folder + ".v3." + type + (fields.empty() ? "" : ", " + fields) + "}}}";
  }
  std::shared_ptr<const upstream::LbSpec> compile_list(const std::string& policies, const std::string& beside = "") {
    return compile("load_balancing_policy: {policies: [" + policies + "]}" + beside);
  }
};

TEST_F(LbCompile, defaults_are_envoys) {
  const auto to = compile("type: STATIC");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->policy, LbPolicy::kRoundRobin);
  EXPECT_EQ(to->choice_count, 2U);
  EXPECT_EQ(to->active_request_bias, 1.0);
  EXPECT_EQ(to->min_ring_size, 1024U);
  EXPECT_EQ(to->max_ring_size, 8U * 1024 * 1024);
  EXPECT_EQ(to->hash_function, HashFunction::kXxHash);
  EXPECT_EQ(to->table_size, 65537U);
  EXPECT_EQ(to->hash_balance_factor, 0U);
  EXPECT_EQ(to->panic_threshold, 50U);
  EXPECT_EQ(to->slow_start.window, Milliseconds(0));
  EXPECT_FALSE(to->full_scan || to->locality_weighted || to->zone_aware || to->subset || to->hash_by_hostname);
}

TEST_F(LbCompile, each_policy_by_its_name) {
  EXPECT_EQ(compile("lb_policy: ROUND_ROBIN")->policy, LbPolicy::kRoundRobin);
  EXPECT_EQ(compile("lb_policy: LEAST_REQUEST")->policy, LbPolicy::kLeastRequest);
  EXPECT_EQ(compile("lb_policy: RANDOM")->policy, LbPolicy::kRandom);
  EXPECT_EQ(compile("lb_policy: RING_HASH")->policy, LbPolicy::kRingHash);
  EXPECT_EQ(compile("lb_policy: MAGLEV")->policy, LbPolicy::kMaglev);
  EXPECT_EQ(compile("type: ORIGINAL_DST, lb_policy: CLUSTER_PROVIDED")->policy, LbPolicy::kClusterProvided);
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(LbCompile, common_fields) {
  const auto to = compile(
      "common_lb_config: {healthy_panic_threshold: {value: 12.9}, zone_aware_lb_config: {routing_enabled: {value: 30}, "
      "min_cluster_size: 2, fail_traffic_on_panic: true}, consistent_hashing_lb_config: {use_hostname_for_hashing: "
      "true, hash_balance_factor: 150}}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->panic_threshold, 12U) << "cut to whole percents, as by Envoy";
  EXPECT_TRUE(to->hash_by_hostname);
  EXPECT_EQ(to->hash_balance_factor, 150U);
  ASSERT_TRUE(to->zone_aware);
  EXPECT_EQ(to->zone_aware->routing_percent, 30U);
  EXPECT_EQ(to->zone_aware->min_cluster_size, 2U);
  EXPECT_TRUE(to->zone_aware->fail_traffic_on_panic);
  EXPECT_EQ(compile("common_lb_config: {healthy_panic_threshold: {value: 0}}")->panic_threshold, 0U) << "never";
  const auto weighted = compile("common_lb_config: {locality_weighted_lb_config: {}}");
  EXPECT_TRUE(weighted->locality_weighted && !weighted->zone_aware);
  const auto zones = compile("common_lb_config: {zone_aware_lb_config: {}}")->zone_aware;
  EXPECT_EQ(zones->routing_percent, 100U);
  EXPECT_EQ(zones->min_cluster_size, 6U);
}

TEST_F(LbCompile, slow_start) {
  const auto robin = compile(
      "round_robin_lb_config: {slow_start_config: {slow_start_window: 60s, aggression: {default_value: 2.5, "
      "runtime_key: k}, min_weight_percent: {value: 1}}}");
  EXPECT_EQ(robin->slow_start.window, Milliseconds(60'000));
  EXPECT_EQ(robin->slow_start.aggression, 2.5);
  EXPECT_EQ(robin->slow_start.min_weight_percent, 1.0);
  const auto least = compile(
      "lb_policy: LEAST_REQUEST, least_request_lb_config: {choice_count: 5, active_request_bias: {default_value: 0.5, "
      "runtime_key: k}, slow_start_config: {slow_start_window: 1s}}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(least->choice_count, 5U);
  EXPECT_EQ(least->active_request_bias, 0.5);
  EXPECT_EQ(least->slow_start.window, Milliseconds(1000));
  EXPECT_EQ(least->slow_start.aggression, 1.0);
  EXPECT_EQ(least->slow_start.min_weight_percent, 10.0);
}

TEST_F(LbCompile, rings_and_tables) {
  const auto ring = compile(
      "lb_policy: RING_HASH, ring_hash_lb_config: {minimum_ring_size: 7, maximum_ring_size: 9, hash_function: "
      "MURMUR_HASH_2}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(ring->min_ring_size, 7U);
  EXPECT_EQ(ring->max_ring_size, 9U);
  EXPECT_EQ(ring->hash_function, HashFunction::kMurmurHash2);
  EXPECT_EQ(compile("lb_policy: MAGLEV, maglev_lb_config: {table_size: 251}")->table_size, 251U);
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(LbCompile, rings_and_tables_that_cannot_be) {
  compile("lb_policy: RING_HASH, ring_hash_lb_config: {maximum_ring_size: 100}");
  EXPECT_EQ(problem_lines(), "ring_hash_lb_config: minimum_ring_size is 1024, above the maximum_ring_size 100\n");
  for (const char* size : {"1", "4", "65535"}) {
    compile("lb_policy: MAGLEV, maglev_lb_config: {table_size: " + std::string(size) + "}");
    EXPECT_EQ(problem_lines(), "maglev_lb_config.table_size: is " + std::string(size) + ", which is no prime number\n");
  }
  compile_list(extension("maglev", "Maglev", "table_size: 9"));
  EXPECT_THAT(problem_lines(), HasSubstr("load_balancing_policy.policies[0].typed_extension_config.typed_config."
                                         "table_size: is 9, which is no prime number"));
}

TEST_F(LbCompile, subsets) {
  const auto to = compile(
      "lb_subset_config: {fallback_policy: DEFAULT_SUBSET, default_subset: {stage: prod, v: 2}, subset_selectors: "
      "[{keys: [b, a], fallback_policy: KEYS_SUBSET, fallback_keys_subset: [a]}, {keys: [c], single_host_per_subset: "
      "true}], locality_weight_aware: true, scale_locality_weight: true, panic_mode_any: true, list_as_any: true}");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_TRUE(to->subset);
  EXPECT_EQ(to->subset->fallback, SubsetFallback::kDefaultSubset);
  EXPECT_EQ(to->subset->default_subset, (upstream::SubsetValues{{"stage", "\"prod\""}, {"v", "2.0"}}));
  ASSERT_EQ(to->subset->selectors.size(), 2U);
  EXPECT_THAT(to->subset->selectors[0].keys, ElementsAre("a", "b"));
  EXPECT_EQ(to->subset->selectors[0].fallback, SubsetFallback::kKeysSubset);
  EXPECT_THAT(to->subset->selectors[0].fallback_keys, ElementsAre("a"));
  EXPECT_EQ(to->subset->selectors[1].fallback, SubsetFallback::kNotDefined) << "the common one counts";
  EXPECT_TRUE(to->subset->selectors[1].single_host_per_subset);
  EXPECT_TRUE(to->subset->locality_weight_aware && to->subset->scale_locality_weight && to->subset->panic_mode_any &&
              to->subset->list_as_any);
}

TEST_F(LbCompile, subsets_without_selectors_are_none) {
  EXPECT_FALSE(compile("lb_subset_config: {fallback_policy: ANY_ENDPOINT}")->subset);
  EXPECT_EQ(compile("lb_subset_config: {subset_selectors: [{keys: [a]}]}")->subset->fallback,
            SubsetFallback::kNoFallback);
}

TEST_F(LbCompile, policies_as_extensions) {
  const auto least = compile_list(extension(
      "least_request", "LeastRequest",
      "choice_count: 3, selection_method: FULL_SCAN, active_request_bias: {default_value: 2, runtime_key: k}, "
      "slow_start_config: {slow_start_window: 4s}, locality_lb_config: {locality_weighted_lb_config: {}}"));
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(least->policy, LbPolicy::kLeastRequest);
  EXPECT_EQ(least->choice_count, 3U);
  EXPECT_EQ(least->active_request_bias, 2.0);
  EXPECT_EQ(least->slow_start.window, Milliseconds(4000));
  EXPECT_TRUE(least->full_scan && least->locality_weighted);
  const auto ring = compile_list(
      extension("ring_hash", "RingHash",
                "hash_function: MURMUR_HASH_2, minimum_ring_size: 3, maximum_ring_size: 4, "
                "consistent_hashing_lb_config: {use_hostname_for_hashing: true, hash_balance_factor: 120}"));
  EXPECT_EQ(ring->policy, LbPolicy::kRingHash);
  EXPECT_EQ(ring->hash_function, HashFunction::kMurmurHash2);
  EXPECT_EQ(ring->min_ring_size, 3U);
  EXPECT_EQ(ring->max_ring_size, 4U);
  EXPECT_TRUE(ring->hash_by_hostname);
  EXPECT_EQ(ring->hash_balance_factor, 120U);
  const auto maglev = compile_list(extension("maglev", "Maglev", "table_size: 7"));
  EXPECT_EQ(maglev->policy, LbPolicy::kMaglev);
  EXPECT_EQ(maglev->table_size, 7U);
  EXPECT_EQ(compile_list(extension("random", "Random"))->policy, LbPolicy::kRandom);
  const auto robin = compile_list(extension("round_robin", "RoundRobin",
                                            "slow_start_config: {slow_start_window: 1s}, locality_lb_config: "
                                            "{zone_aware_lb_config: {min_cluster_size: 9}}"));
  EXPECT_EQ(robin->policy, LbPolicy::kRoundRobin);
  EXPECT_EQ(robin->slow_start.window, Milliseconds(1000));
  EXPECT_EQ(robin->zone_aware->min_cluster_size, 9U);
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(compile_list(extension("cluster_provided", "ClusterProvided"), ", type: ORIGINAL_DST")->policy,
            LbPolicy::kClusterProvided);
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(LbCompile, the_first_known_policy_of_the_list_counts) {
  const std::string other =
      "{typed_extension_config: {name: o, typed_config: {\"@type\": "
      "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}}}";
  EXPECT_EQ(compile_list(other + ", " + extension("random", "Random") + ", " + extension("maglev", "Maglev"))->policy,
            LbPolicy::kRandom);
  EXPECT_EQ(problem_lines(), "");
  compile_list(other);
  EXPECT_EQ(problem_lines(), "load_balancing_policy: none of the policies is supported\n");
}

TEST_F(LbCompile, the_list_stands_over_the_name_and_the_panic_threshold_beside_it) {
  const auto to = compile_list(extension("random", "Random"),
                               ", lb_policy: MAGLEV, common_lb_config: {healthy_panic_threshold: {value: 5}}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->policy, LbPolicy::kRandom);
  EXPECT_EQ(to->panic_threshold, 5U);
}

TEST_F(LbCompile, what_cannot_stand_beside_the_list) {
  compile_list(extension("random", "Random"),
               ", lb_subset_config: {}, common_lb_config: {locality_weighted_lb_config: {}, "
               "consistent_hashing_lb_config: {}}");
  EXPECT_EQ(problem_lines(),
            "lb_subset_config: cannot stand beside load_balancing_policy\n"
            "common_lb_config.locality_weighted_lb_config: cannot stand beside load_balancing_policy\n"
            "common_lb_config.consistent_hashing_lb_config: cannot stand beside load_balancing_policy\n");
  compile("lb_policy: LOAD_BALANCING_POLICY_CONFIG");
  EXPECT_EQ(problem_lines(), "lb_policy: says that load_balancing_policy is set, which is not\n");
}

TEST_F(LbCompile, the_cluster_provides_hosts_for_original_destinations_and_no_other) {
  compile("type: ORIGINAL_DST");
  EXPECT_EQ(problem_lines(), "lb_policy: does not fit a cluster of type ORIGINAL_DST\n");
  compile("type: STRICT_DNS, lb_policy: CLUSTER_PROVIDED");
  EXPECT_EQ(problem_lines(), "lb_policy: CLUSTER_PROVIDED is for clusters of type ORIGINAL_DST\n");
  compile("type: ORIGINAL_DST, lb_policy: CLUSTER_PROVIDED, lb_subset_config: {subset_selectors: [{keys: [a]}]}");
  EXPECT_EQ(problem_lines(), "lb_subset_config: cannot stand beside lb_policy: CLUSTER_PROVIDED\n");
}

}  // namespace
}  // namespace proa::config
