#include "upstream/cluster.h"

#include <gtest/gtest.h>

#include "observe/metadata.h"
#include "upstream/test_upstreams.h"

namespace proa::upstream {
namespace {

class ClusterTest : public testing::Test, public ClusterFixture {
 protected:
  static Assignment one_locality(std::vector<Endpoint> endpoints) {
    Assignment assignment;
    assignment.localities.push_back({{}, 0, 0, std::move(endpoints)});
    return assignment;
  }
};

TEST_F(ClusterTest, a_static_cluster_is_ready_at_once) {
  use(static_cluster("backend", {endpoint("10.0.0.1:80"), endpoint("10.0.0.2:80")}));
  EXPECT_TRUE(ready);
  EXPECT_EQ(cluster->hosts()->size(), 2u);
  LbContext context;
  worker->choose(context);
  loop.settle();
  EXPECT_EQ(stat(ClusterStat::kMembershipTotal), 2);
  EXPECT_EQ(stat(ClusterStat::kMembershipChange), 0);
}

TEST_F(ClusterTest, an_update_keeps_hosts_that_have_not_changed) {
  use(static_cluster("backend", {endpoint("10.0.0.1:80"), endpoint("10.0.0.2:80")}));
  Host* first = cluster->members()[0].host.get();
  uint64_t before = cluster->version();
  cluster->assign(one_locality({endpoint("10.0.0.3:80"), endpoint("10.0.0.1:80", 7)}));
  EXPECT_EQ(cluster->members()[1].host.get(), first);
  EXPECT_EQ(first->weight(), 7u);
  EXPECT_GT(cluster->version(), before);
  EXPECT_EQ(stat(ClusterStat::kMembershipChange), 1);
}

TEST_F(ClusterTest, new_metadata_makes_a_new_host) {
  use(static_cluster("backend", {endpoint("10.0.0.1:80")}));
  HostRef first = cluster->members()[0].host;
  auto changed = endpoint("10.0.0.1:80");
  auto metadata = std::make_shared<observe::Metadata>();
  metadata->root["envoy.lb"] = {{"canary", true}};
  changed.metadata = metadata;
  cluster->assign(one_locality({changed}));
  EXPECT_NE(cluster->members()[0].host, first);
  EXPECT_TRUE(cluster->members()[0].host->canary());
}

TEST_F(ClusterTest, a_worker_sees_new_hosts_at_its_next_choice) {
  use(static_cluster("backend", {endpoint("10.0.0.1:80")}));
  LbContext context;
  EXPECT_EQ(worker->choose(context)->address_text(), "10.0.0.1:80");
  cluster->assign(one_locality({endpoint("10.0.0.2:80")}));
  EXPECT_EQ(worker->choose(context)->address_text(), "10.0.0.2:80");
}

TEST_F(ClusterTest, no_host_is_counted) {
  use(static_cluster("backend", {}));
  LbContext context;
  EXPECT_FALSE(worker->choose(context));
  EXPECT_EQ(stat(ClusterStat::kCxNoneHealthy), 1);
}

TEST_F(ClusterTest, an_override_host_is_used_while_its_state_allows) {
  auto draining = endpoint("10.0.0.2:80");
  draining.status = HealthStatus::kDraining;
  use(static_cluster("backend", {endpoint("10.0.0.1:80"), draining}));
  LbContext context;
  context.override_host = "10.0.0.2:80";
  EXPECT_EQ(worker->choose(context)->address_text(), "10.0.0.1:80");
  context.override_strict = true;
  EXPECT_FALSE(worker->choose(context));
  context.override_statuses |= 1u << static_cast<uint32_t>(HealthStatus::kDraining);
  EXPECT_EQ(worker->choose(context)->address_text(), "10.0.0.2:80");
}

TEST_F(ClusterTest, transport_sockets_are_matched_by_metadata) {
  auto spec = static_cluster("backend", {endpoint("10.0.0.1:80")});
  auto metadata = std::make_shared<observe::Metadata>();
  metadata->root["envoy.transport_socket_match"] = {{"tlsMode", "istio"}};
  spec.assignment.localities[0].endpoints[0].metadata = metadata;
  TransportSocketSpec other;
  other.proxy_protocol = 2;
  spec.socket_matches.push_back({"tlsMode-istio", {{"tlsMode", "\"istio\""}}, other});
  spec.socket_matches.push_back({"tlsMode-disabled", {}, {}});
  use(std::move(spec));
  EXPECT_EQ(cluster->socket_for(*cluster->members()[0].host).proxy_protocol, 2);
}

TEST_F(ClusterTest, original_destinations_become_hosts_and_are_forgotten_when_unused) {
  ClusterSpec spec;
  spec.name = "passthrough";
  spec.type = DiscoveryType::kOriginalDst;
  use(std::move(spec));
  auto address = *net::Address::parse("10.9.9.9:443");
  LbContext context;
  EXPECT_FALSE(worker->choose(context));  // nowhere to go
  context.original_destination = &address;
  Host* first;
  {
    HostRef host = worker->choose(context);
    ASSERT_TRUE(host);
    first = host.get();
    EXPECT_EQ(host->address_text(), "10.9.9.9:443");
    EXPECT_EQ(worker->choose(context).get(), first);
  }
  loop.run_for(Milliseconds(5'010));
  EXPECT_EQ(cluster->hosts()->size(), 1u);
  loop.run_for(Milliseconds(10'010));
  EXPECT_EQ(cluster->hosts()->size(), 0u);
}

TEST_F(ClusterTest, an_original_destination_may_come_from_a_header) {
  ClusterSpec spec;
  spec.name = "by_header";
  spec.type = DiscoveryType::kOriginalDst;
  auto options = std::make_shared<OriginalDstSpec>();
  options->use_header = true;
  options->port_override = 8443;
  spec.original_dst = options;
  use(std::move(spec));
  Arena arena;
  http::RequestHead head(arena);
  head.headers.add("x-envoy-original-dst-host", "10.2.2.2:80");
  LbContext context;
  context.request = &head;
  EXPECT_EQ(worker->choose(context)->address_text(), "10.2.2.2:8443");
  head.headers.set("x-envoy-original-dst-host", "not an address");
  EXPECT_FALSE(worker->choose(context));
  EXPECT_EQ(stat(ClusterStat::kOriginalDstHostInvalid), 1);
}

TEST(Breakers, a_retry_budget_follows_what_is_under_way) {
  BreakerThresholds thresholds;
  thresholds.retry_budget = RetryBudgetSpec{20.0, 3};
  Breakers breakers(thresholds);
  EXPECT_EQ(breakers.limit(Resource::kRetries), 3u);
  for (int i = 0; i < 100; ++i) breakers.take(Resource::kRequests);
  EXPECT_EQ(breakers.limit(Resource::kRetries), 20u);
}

}  // namespace
}  // namespace proa::upstream
