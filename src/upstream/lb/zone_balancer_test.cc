#include "upstream/lb/zone_balancer.h"

#include <gtest/gtest.h>

#include "upstream/lb/test_hosts.h"

namespace proa::upstream {
namespace {

using S = HealthStatus;

std::shared_ptr<const Balancer> balance(std::shared_ptr<LbSpec> spec, const TestHosts& hosts) {
  return make_balancer(std::move(spec), hosts.set(), {});
}

TEST(RoundRobin, takes_hosts_in_turn_over_all_callers) {
  TestHosts hosts({{"1.1.1.1:1"}, {"1.1.1.2:1"}, {"1.1.1.3:1"}});
  auto balancer = balance(policy(LbPolicy::kRoundRobin), hosts);
  auto counts = histogram(*balancer, 300);
  for (auto& [address, count] : counts) EXPECT_EQ(count, 100) << address;
}

TEST(RoundRobin, follows_weights_exactly_over_a_round) {
  TestHosts hosts({{"1.1.1.1:1", 1}, {"1.1.1.2:1", 2}, {"1.1.1.3:1", 3}});
  auto balancer = balance(policy(LbPolicy::kRoundRobin), hosts);
  auto counts = histogram(*balancer, 6000);
  EXPECT_NEAR(counts["1.1.1.1:1"], 1000, 5);
  EXPECT_NEAR(counts["1.1.1.2:1"], 2000, 5);
  EXPECT_NEAR(counts["1.1.1.3:1"], 3000, 5);
}

TEST(RoundRobin, spaces_a_heavy_host_evenly) {
  TestHosts hosts({{"1.1.1.1:1", 1}, {"1.1.1.2:1", 1}, {"1.1.1.3:1", 2}});
  auto balancer = balance(policy(LbPolicy::kRoundRobin), hosts);
  Random random(1);
  LbContext context;
  int in_a_row = 0, longest = 0;
  for (int i = 0; i < 400; ++i) {
    bool heavy = balancer->choose(context, random)->weight() == 2;
    longest = std::max(longest, in_a_row = heavy ? in_a_row + 1 : 0);
  }
  EXPECT_LE(longest, 2);
}

TEST(Random, is_uniform_and_follows_weights) {
  TestHosts hosts({{"1.1.1.1:1", 1}, {"1.1.1.2:1", 3}});
  auto counts = histogram(*balance(policy(LbPolicy::kRandom), hosts), 40000);
  EXPECT_NEAR(counts["1.1.1.1:1"], 10000, 500);
}

TEST(LeastRequest, prefers_the_host_with_fewer_requests) {
  TestHosts hosts({{"1.1.1.1:1"}, {"1.1.1.2:1"}});
  hosts[0].hot.active_requests = 10;
  auto counts = histogram(*balance(policy(LbPolicy::kLeastRequest), hosts), 1000);
  // The busy host only when both choices are it: a quarter.
  EXPECT_NEAR(counts["1.1.1.1:1"], 250, 60);
}

TEST(LeastRequest, full_scan_always_finds_the_idlest) {
  TestHosts hosts({{"1.1.1.1:1"}, {"1.1.1.2:1"}, {"1.1.1.3:1"}});
  hosts[0].hot.active_requests = 2;
  hosts[2].hot.active_requests = 1;
  auto spec = policy(LbPolicy::kLeastRequest);
  spec->full_scan = true;
  auto counts = histogram(*balance(spec, hosts), 100);
  EXPECT_EQ(counts["1.1.1.2:1"], 100);
}

TEST(LeastRequest, an_idle_cluster_follows_the_weights) {
  TestHosts hosts({{"1.1.1.1:1", 1}, {"1.1.1.2:1", 3}});
  auto counts = histogram(*balance(policy(LbPolicy::kLeastRequest), hosts), 40000);
  EXPECT_NEAR(counts["1.1.1.1:1"], 10000, 500);
}

TEST(Priorities, the_second_takes_what_the_first_cannot) {
  // Half of priority 0 is healthy: 50 % x 1.4 = 70 %.
  TestHosts hosts({{"1.1.1.1:1", 1, 0}, {"1.1.1.2:1", 1, 0, "", 0, S::kUnhealthy}, {"1.1.1.3:1", 1, 1}});
  auto counts = histogram(*balance(policy(LbPolicy::kRoundRobin), hosts), 10000);
  EXPECT_NEAR(counts["1.1.1.1:1"], 7000, 250);
  EXPECT_NEAR(counts["1.1.1.3:1"], 3000, 250);
  EXPECT_EQ(counts["1.1.1.2:1"], 0);
}

TEST(Priorities, overprovisioning_hides_a_small_loss) {
  std::vector<HostPlan> plans;
  for (int i = 0; i < 10; ++i) {
    plans.push_back({"1.1.1." + std::to_string(i) + ":1", 1, 0, "", 0, i < 2 ? S::kUnhealthy : S::kUnknown});
  }
  plans.push_back({"2.2.2.2:1", 1, 1});
  auto counts = histogram(*balance(policy(LbPolicy::kRoundRobin), TestHosts(plans)), 1000);
  EXPECT_EQ(counts["2.2.2.2:1"], 0);
}

TEST(Priorities, a_retry_avoids_those_already_tried) {
  TestHosts hosts({{"1.1.1.1:1", 1, 0}, {"1.1.1.3:1", 1, 1}});
  auto balancer = balance(policy(LbPolicy::kRoundRobin), hosts);
  LbContext context;
  context.tried_priorities = 1;
  EXPECT_EQ(histogram(*balancer, 100, context)["1.1.1.3:1"], 100);
  context.tried_priorities = 3;  // all tried: as if none was
  EXPECT_EQ(histogram(*balancer, 100, context)["1.1.1.1:1"], 100);
}

TEST(Degraded, hosts_get_only_what_healthy_ones_cannot_take) {
  TestHosts hosts({{"1.1.1.1:1"}, {"1.1.1.2:1", 1, 0, "", 0, S::kDegraded}});
  auto counts = histogram(*balance(policy(LbPolicy::kRoundRobin), hosts), 10000);
  EXPECT_NEAR(counts["1.1.1.1:1"], 7000, 250);
  EXPECT_NEAR(counts["1.1.1.2:1"], 3000, 250);
}

TEST(Panic, under_the_threshold_all_hosts_are_used) {
  TestHosts hosts(
      {{"1.1.1.1:1"}, {"1.1.1.2:1", 1, 0, "", 0, S::kUnhealthy}, {"1.1.1.3:1", 1, 0, "", 0, S::kUnhealthy}});
  auto balancer = balance(policy(LbPolicy::kRoundRobin), hosts);
  auto counts = histogram(*balancer, 300);
  EXPECT_EQ(counts["1.1.1.2:1"], 100);
  Random random(1);
  LbContext context;
  balancer->choose(context, random);
  EXPECT_TRUE(context.noted(LbEvent::kHealthyPanic));
}

TEST(Panic, a_threshold_of_zero_means_no_host) {
  TestHosts hosts({{"1.1.1.1:1", 1, 0, "", 0, S::kUnhealthy}});
  auto spec = policy(LbPolicy::kRoundRobin);
  spec->panic_threshold = 0;
  EXPECT_EQ(histogram(*balance(spec, hosts), 10)[""], 10);
}

TEST(Panic, an_empty_cluster_has_no_host) {
  EXPECT_EQ(histogram(*balance(policy(LbPolicy::kRoundRobin), TestHosts({})), 10)[""], 10);
}

TEST(Panic, total_panic_spreads_by_number_of_hosts) {
  TestHosts hosts({{"1.1.1.1:1", 1, 0, "", 0, S::kUnhealthy},
                   {"1.1.1.2:1", 1, 1, "", 0, S::kUnhealthy},
                   {"1.1.1.3:1", 1, 1, "", 0, S::kUnhealthy},
                   {"1.1.1.4:1", 1, 1, "", 0, S::kUnhealthy}});
  auto counts = histogram(*balance(policy(LbPolicy::kRoundRobin), hosts), 10000);
  EXPECT_NEAR(counts["1.1.1.1:1"], 2500, 250);
}

TEST(LocalityWeighted, follows_weight_times_availability) {
  std::vector<HostPlan> plans;
  for (int i = 0; i < 4; ++i) plans.push_back({"1.1.1." + std::to_string(i) + ":1", 1, 0, "a", 1});
  for (int i = 0; i < 2; ++i) plans.push_back({"2.1.1." + std::to_string(i) + ":1", 1, 0, "b", 3});
  auto spec = policy(LbPolicy::kRoundRobin);
  spec->locality_weighted = true;
  auto counts = histogram(*balance(spec, TestHosts(plans)), 8000);
  EXPECT_NEAR(counts["1.1.1.0:1"], 500, 20);
  EXPECT_NEAR(counts["2.1.1.0:1"], 3000, 50);
}

TEST(ZoneAware, stays_in_the_own_zone_when_it_has_its_share) {
  std::vector<HostPlan> plans;
  for (int i = 0; i < 3; ++i) plans.push_back({"1.1.1." + std::to_string(i) + ":1", 1, 0, "a"});
  for (int i = 0; i < 3; ++i) plans.push_back({"2.1.1." + std::to_string(i) + ":1", 1, 0, "b"});
  TestHosts upstream(plans), own({{"9.9.9.1:1", 1, 0, "a"}, {"9.9.9.2:1", 1, 0, "b"}});
  Locality here{"", "a", ""};
  upstream.options.local = own.options.local = &here;
  auto spec = policy(LbPolicy::kRoundRobin);
  spec->zone_aware = ZoneAwareSpec{};
  auto counts = histogram(*make_balancer(spec, upstream.set(), {own.set(), 0}), 300);
  EXPECT_EQ(counts["1.1.1.0:1"], 100);
  EXPECT_EQ(counts["2.1.1.0:1"], 0);
}

TEST(ZoneAware, sends_what_the_own_zone_cannot_take_to_others) {
  std::vector<HostPlan> plans;
  for (int i = 0; i < 2; ++i) plans.push_back({"1.1.1." + std::to_string(i) + ":1", 1, 0, "a"});
  for (int i = 0; i < 6; ++i) plans.push_back({"2.1.1." + std::to_string(i) + ":1", 1, 0, "b"});
  TestHosts upstream(plans), own({{"9.9.9.1:1", 1, 0, "a"}, {"9.9.9.2:1", 1, 0, "b"}});
  Locality here{"", "a", ""};
  upstream.options.local = own.options.local = &here;
  auto spec = policy(LbPolicy::kRandom);
  spec->zone_aware = ZoneAwareSpec{};
  auto counts = histogram(*make_balancer(spec, upstream.set(), {own.set(), 0}), 10000);
  // The own zone holds 25 % of the hosts for 50 % of the traffic: half of it stays.
  EXPECT_NEAR(counts["1.1.1.0:1"] + counts["1.1.1.1:1"], 5000, 300);
}

TEST(SlowStart, a_new_host_gets_a_growing_part) {
  TestHosts hosts({{"1.1.1.1:1"}, {"1.1.1.2:1"}});
  MonoTime now = MonoTime(std::chrono::hours(2));
  hosts[0].set_healthy_since(now - std::chrono::hours(1));
  hosts[1].set_healthy_since(now);
  auto spec = policy(LbPolicy::kRoundRobin);
  spec->slow_start.window = Milliseconds(10'000);
  auto balancer = balance(spec, hosts);
  LbContext context;
  context.now = now + Milliseconds(1'000);  // a tenth: about 1 of 11
  EXPECT_NEAR(histogram(*balancer, 11000, context)["1.1.1.2:1"], 1000, 200);
  context.now = now + Milliseconds(5'000);  // half: 1 of 3
  EXPECT_NEAR(histogram(*balancer, 9000, context)["1.1.1.2:1"], 3000, 300);
  context.now = now + Milliseconds(10'000);
  EXPECT_EQ(histogram(*balancer, 1000, context)["1.1.1.2:1"], 500);
}

TEST(HostFilter, asks_for_another_host_a_bounded_number_of_times) {
  struct NotFirst final : HostFilter {
    bool reject(const Host& host) const override { return host.address_text() == "1.1.1.1:1"; }
  } filter;
  TestHosts hosts({{"1.1.1.1:1"}, {"1.1.1.2:1"}});
  auto balancer = balance(policy(LbPolicy::kRoundRobin), hosts);
  LbContext context;
  context.filter = &filter;
  context.filter_attempts = 3;
  EXPECT_EQ(histogram(*balancer, 100, context)["1.1.1.2:1"], 100);
  TestHosts only({{"1.1.1.1:1"}});
  EXPECT_EQ(histogram(*balance(policy(LbPolicy::kRoundRobin), only), 10, context)["1.1.1.1:1"], 10);
}

TEST(HostSet, finds_hosts_by_address) {
  TestHosts hosts({{"1.1.1.1:1"}, {"[::1]:2"}});
  auto set = hosts.set();
  EXPECT_EQ(set->find("[::1]:2"), &hosts[1]);
  EXPECT_EQ(set->find("1.1.1.2:1"), nullptr);
}

}  // namespace
}  // namespace proa::upstream
