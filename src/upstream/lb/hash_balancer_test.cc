#include "upstream/lb/hash_balancer.h"

#include <gtest/gtest.h>

#include "upstream/lb/test_hosts.h"

namespace proa::upstream {
namespace {

std::string chosen(const Balancer& balancer, uint64_t hash) {
  Random random(1);
  LbContext context;
  context.hash = hash;
  Host* host = balancer.choose(context, random);
  return host ? host->address_text() : "";
}

std::vector<HostPlan> six_hosts() {
  std::vector<HostPlan> plans;
  for (int i = 0; i < 6; ++i) plans.push_back({"127.0.0.1:" + std::to_string(90 + i)});
  return plans;
}

// The ring of Envoy's RingHashLoadBalancerTest.Basic: 6 hosts, 12 points, xxHash64 of "127.0.0.1:9x_i".
TEST(RingHash, builds_the_same_ring_as_envoy) {
  auto spec = policy(LbPolicy::kRingHash);
  spec->min_ring_size = 12;
  auto balancer = make_balancer(spec, TestHosts(six_hosts()).set(), {});
  EXPECT_EQ(chosen(*balancer, 0), "127.0.0.1:94");
  EXPECT_EQ(chosen(*balancer, std::numeric_limits<uint64_t>::max()), "127.0.0.1:94");
  EXPECT_EQ(chosen(*balancer, 3551244743356806947ULL), "127.0.0.1:95");
  EXPECT_EQ(chosen(*balancer, 3551244743356806948ULL), "127.0.0.1:93");
}

TEST(RingHash, an_endpoint_that_names_its_key_keeps_its_place_under_another_address) {
  TestHosts before({{.address = "127.0.0.1:1", .lb_metadata = R"({"hash_key": "a"})"}, {.address = "127.0.0.1:2"}});
  TestHosts after({{.address = "127.0.0.9:7", .lb_metadata = R"({"hash_key": "a"})"}, {.address = "127.0.0.1:2"}});
  auto was = make_balancer(policy(LbPolicy::kRingHash), before.set(), {});
  auto is = make_balancer(policy(LbPolicy::kRingHash), after.set(), {});
  for (uint64_t i = 0; i < 100; ++i) {
    const uint64_t hash = xx_hash(std::to_string(i));
    EXPECT_EQ(chosen(*was, hash) == "127.0.0.1:1", chosen(*is, hash) == "127.0.0.9:7");
  }
}

TEST(RingHash, another_host_is_chosen_for_a_retry) {
  struct Reject final : HostFilter {
    bool reject(const Host& host) const override { return host.address_text() == "127.0.0.1:94"; }
  } filter;
  auto spec = policy(LbPolicy::kRingHash);
  auto balancer = make_balancer(spec, TestHosts(six_hosts()).set(), {});
  LbContext context;
  context.filter = &filter;
  context.filter_attempts = 5;
  EXPECT_LT(histogram(*balancer, 1000, context)["127.0.0.1:94"], 5);
}

TEST(RingHash, most_keys_stay_when_a_host_goes) {
  auto spec = policy(LbPolicy::kRingHash);
  auto plans = six_hosts();
  TestHosts all(plans);
  auto before = make_balancer(spec, all.set(), {});
  plans.erase(plans.begin() + 2);
  TestHosts fewer(plans);
  auto after = make_balancer(spec, fewer.set(), {});
  int moved = 0;
  for (int i = 0; i < 10000; ++i) {
    uint64_t hash = xx_hash(std::to_string(i));
    std::string old = chosen(*before, hash);
    moved += old != "127.0.0.1:92" && chosen(*after, hash) != old;
  }
  EXPECT_LT(moved, 2500);  // the other hosts get more points of the ring, as in Envoy
}

TEST(RingHash, murmur_hash_2_matches_libstdcxx) {
  for (std::string text : {"", "a", "127.0.0.1:90_0", "exactly8", "a longer text than one word"}) {
    EXPECT_EQ(murmur_hash(text), std::_Hash_bytes(text.data(), text.size(), 0xc70f6907)) << text;
  }
}

TEST(Maglev, spreads_evenly_and_by_weight) {
  auto plans = six_hosts();
  plans[0].weight = 3;
  auto balancer = make_balancer(policy(LbPolicy::kMaglev), TestHosts(plans).set(), {});
  auto counts = histogram(*balancer, 80000);
  EXPECT_NEAR(counts["127.0.0.1:90"], 30000, 1500);
  EXPECT_NEAR(counts["127.0.0.1:93"], 10000, 800);
}

TEST(Maglev, most_keys_stay_when_a_host_goes) {
  auto plans = six_hosts();
  auto before = make_balancer(policy(LbPolicy::kMaglev), TestHosts(plans).set(), {});
  plans.erase(plans.begin() + 2);
  auto after = make_balancer(policy(LbPolicy::kMaglev), TestHosts(plans).set(), {});
  int moved = 0;
  for (int i = 0; i < 10000; ++i) {
    uint64_t hash = xx_hash(std::to_string(i));
    std::string old = chosen(*before, hash);
    moved += old != "127.0.0.1:92" && chosen(*after, hash) != old;
  }
  EXPECT_LT(moved, 600);
}

// Envoy's MaglevLoadBalancerTest.Basic: table of 7 for 6 hosts.
TEST(Maglev, builds_the_same_table_as_envoy) {
  auto spec = policy(LbPolicy::kMaglev);
  spec->table_size = 7;
  auto balancer = make_balancer(spec, TestHosts(six_hosts()).set(), {});
  const std::string expected[] = {"92", "94", "90", "91", "95", "90", "93"};
  for (uint64_t i = 0; i < 7; ++i) EXPECT_EQ(chosen(*balancer, i), "127.0.0.1:" + expected[i]) << i;
}

TEST(BoundedLoad, passes_on_what_is_over_the_share_of_a_host) {
  auto spec = policy(LbPolicy::kRingHash);
  spec->hash_balance_factor = 150;
  TestHosts hosts(six_hosts());
  auto balancer = make_balancer(spec, hosts.set(), {});
  std::string first = chosen(*balancer, 42);
  for (auto& member : hosts.members) {
    if (member.host->address_text() == first) member.host->hot.active_requests = 100;
  }
  std::string second = chosen(*balancer, 42);
  EXPECT_NE(second, first);
  EXPECT_EQ(chosen(*balancer, 42), second);  // the order depends on the hash only
}

}  // namespace
}  // namespace proa::upstream
