// What holds for both kinds of stream.
#include <gtest/gtest.h>

#include "observe/registry.h"
#include "xds/subscription_stats.h"
#include "xds/test_protocol.h"

namespace proa::xds {
namespace {

using std::chrono::seconds;

struct BothProtocols : testing::TestWithParam<bool> {
  void receive(TestClient& to, std::string_view type_url, const std::string& nonce, const Lines& names) {
    if (GetParam()) {
      dv3::DeltaDiscoveryResponse out;
      out.set_type_url(std::string(type_url));
      out.set_nonce(nonce);
      out.set_system_version_info(nonce);
      for (const std::string& name : names) {
        out.add_resources()->set_name(name);
        out.mutable_resources()->rbegin()->set_version(nonce);
        *out.mutable_resources()->rbegin()->mutable_resource() = resource(type_url, name, nonce);
      }
      return to.receive(out);
    }
    dv3::DiscoveryResponse out;
    out.set_type_url(std::string(type_url));
    out.set_nonce(nonce);
    out.set_version_info(nonce);
    for (const std::string& name : names) *out.add_resources() = resource(type_url, name, nonce);
    to.receive(out);
  }
  void receive(std::string_view type_url, const std::string& nonce, const Lines& names) {
    receive(client, type_url, nonce, names);
  }
  Lines requests() { return client.requests(); }
  Lines events() { return client.observer.take(); }

  observe::Registry registry;
  TestClient client{GetParam()};
};

TEST_P(BothProtocols, the_node_is_in_the_first_message_of_each_stream) {
  client.subscribe(kCluster, kWildcard);
  client.subscribe(kListener, kWildcard);
  for (int stream = 0; stream < 2; ++stream) {
    client.protocol->stream_opened();
    Lines first = requests();
    ASSERT_EQ(first.size(), 2u);
    EXPECT_TRUE(first[0].starts_with("node Cluster"));
    EXPECT_TRUE(first[1].starts_with("Listener"));
    client.protocol->stream_closed();
  }
}

TEST_P(BothProtocols, the_node_is_in_every_message_unless_told_otherwise) {
  TestClient wordy(GetParam(), {});
  wordy.subscribe(kCluster, kWildcard);
  wordy.subscribe(kListener, kWildcard);
  wordy.protocol->stream_opened();
  for (const std::string& line : wordy.requests()) EXPECT_TRUE(line.starts_with("node ")) << line;
}

TEST_P(BothProtocols, the_node_says_that_times_to_live_are_understood) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  const std::string bytes = client.protocol->next_request(client.now).value();
  dv3::DiscoveryRequest sotw;
  dv3::DeltaDiscoveryRequest delta;
  ASSERT_TRUE(GetParam() ? delta.ParseFromString(bytes) : sotw.ParseFromString(bytes));
  const auto& node = GetParam() ? delta.node() : sotw.node();
  EXPECT_EQ(node.id(), "sidecar~10.1.1.1~app.ns~ns.svc.cluster.local");
  EXPECT_EQ(Lines(node.client_features().begin(), node.client_features().end()),
            (Lines{"xds.config.supports-resource-ttl", "xds.config.supports-resource-in-sotw"}));
}

TEST_P(BothProtocols, a_name_that_does_not_come_is_absent_after_15_seconds_of_a_stream) {
  client.subscribe(kEndpoints, "a", {.initial_fetch_timeout = seconds(60)});
  client.pass(seconds(30));
  EXPECT_EQ(events(), Lines{}) << "nobody was asked";
  client.protocol->stream_opened();
  requests();
  client.pass(seconds(14));
  client.protocol->stream_closed();
  client.pass(seconds(1));
  client.protocol->stream_opened();
  requests();
  client.pass(seconds(14));
  EXPECT_EQ(events(), Lines{}) << "a new stream counts anew";
  client.pass(seconds(1));
  EXPECT_EQ(events(), (Lines{"ClusterLoadAssignment timeout a", "ClusterLoadAssignment absent a"}));
  client.pass(seconds(1000));
  EXPECT_EQ(events(), Lines{}) << "once";
}

TEST_P(BothProtocols, the_fetch_times_out_with_or_without_a_stream) {
  client.subscribe(kCluster, kWildcard);
  client.subscribe(kEndpoints, "a", {.initial_fetch_timeout = seconds(3)});
  client.pass(seconds(3));
  EXPECT_EQ(events(), Lines{"ClusterLoadAssignment timeout a"});
  client.pass(seconds(100));
  EXPECT_EQ(events(), Lines{"Cluster timeout *"});
}

TEST_P(BothProtocols, an_answer_ends_the_wait_and_a_refused_one_does_too) {
  client.observer.bad = {{"a", "bad"}};
  client.subscribe(kCluster, kWildcard);
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  requests();
  receive(kCluster, "1", {});
  receive(kEndpoints, "1", {"a"});
  events();
  client.pass(seconds(100));
  EXPECT_EQ(events(), Lines{});
  EXPECT_EQ(client.protocol->next_deadline(), MonoTime::max());
}

TEST_P(BothProtocols, zero_waits_for_ever) {
  client.subscribe(kSecret, "default", {.initial_fetch_timeout = Milliseconds(0)});
  client.protocol->stream_opened();
  requests();
  client.pass(std::chrono::hours(1000));
  EXPECT_EQ(events(), Lines{});
  receive(kSecret, "1", {"default"});
  EXPECT_EQ(events().size(), 1u);
}

TEST_P(BothProtocols, two_subscribers_of_a_name_are_one) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  requests();
  receive(kEndpoints, "1", {"a"});
  requests();
  client.subscribe(kEndpoints, "a");
  EXPECT_TRUE(client.protocol->held(kEndpoints, "a")) << "the second one takes it from here";
  client.unsubscribe(kEndpoints, "a");
  EXPECT_EQ(requests(), Lines{});
  EXPECT_TRUE(client.protocol->held(kEndpoints, "a"));
  client.unsubscribe(kEndpoints, "a");
  EXPECT_EQ(requests().size(), 1u);
  EXPECT_FALSE(client.protocol->held(kEndpoints, "a"));
  client.unsubscribe(kEndpoints, "a");
  EXPECT_EQ(requests(), Lines{});
}

TEST_P(BothProtocols, what_was_sent_twice_is_marked_as_unchanged) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  receive(kEndpoints, "1", {"a"});
  client.reconnect();
  receive(kEndpoints, "1", {"a"});
  EXPECT_TRUE(events()[1].ends_with("a@1="));
}

TEST_P(BothProtocols, requests_of_endpoints_wait_while_clusters_are_applied) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  requests();
  client.observer.during_update = [this](const Update& update) {
    if (update.type_url != kCluster) return;
    for (const Resource& cluster : update.resources) {
      client.subscribe(kEndpoints, cluster.name);
      EXPECT_EQ(client.protocol->next_request(client.now), std::nullopt);
    }
  };
  receive(kCluster, "1", {"a", "b", "c"});
  const Lines sent = requests();
  ASSERT_EQ(sent.size(), 2u) << "an acknowledgement, and one request for all endpoints";
  EXPECT_TRUE(sent[1].ends_with("[a,b,c]")) << sent[1];
}

TEST_P(BothProtocols, a_paused_type_is_silent_and_the_others_are_not) {
  client.protocol->pause(kEndpoints);
  client.protocol->pause(kEndpoints);
  client.subscribe(kEndpoints, "a");
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  EXPECT_EQ(requests().size(), 1u);
  client.protocol->resume(kEndpoints);
  client.subscribe(kEndpoints, "b");
  EXPECT_EQ(requests(), Lines{});
  client.protocol->resume(kEndpoints);
  const Lines sent = requests();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_TRUE(sent[0].ends_with("[a,b]"));
  client.protocol->pause(kEndpoints);
  receive(kEndpoints, "1", {"a"});
  EXPECT_EQ(requests(), Lines{});
  EXPECT_EQ(client.protocol->pending_requests(), 1u);
  client.protocol->resume(kEndpoints);
  EXPECT_EQ(requests().size(), 1u);
}

TEST_P(BothProtocols, requests_are_limited_in_rate) {
  TestClient limited(GetParam(), {.rate_limit = RateLimit{.max_tokens = 2, .fill_rate = 10}});
  for (std::string_view type : {kCluster, kListener, kRuntime}) limited.subscribe(type, kWildcard);
  limited.protocol->stream_opened();
  EXPECT_EQ(limited.requests().size(), 2u);
  EXPECT_EQ(limited.protocol->times_limited(), 1u);
  EXPECT_EQ(limited.protocol->pending_requests(), 1u);
  limited.pass(Milliseconds(99));
  EXPECT_EQ(limited.requests(), Lines{});
  limited.pass(Milliseconds(1));
  EXPECT_EQ(limited.requests().size(), 1u);
  EXPECT_EQ(limited.protocol->pending_requests(), 0u);
}

TEST_P(BothProtocols, without_settings_there_is_no_limit) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  requests();
  for (int i = 0; i < 1000; ++i) receive(kCluster, std::to_string(i), {"a"});
  EXPECT_EQ(requests().size(), 1000u);
}

TEST_P(BothProtocols, nonsense_fails_and_other_types_are_passed_over) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  requests();
  EXPECT_FALSE(client.protocol->receive("\x0a\x7f nonsense", client.now, {}));
  receive(kRoutes, "1", {"a"});
  EXPECT_EQ(requests(), Lines{});
  EXPECT_EQ(events(), Lines{});
}

TEST_P(BothProtocols, a_long_refusal_is_cut) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  requests();
  client.observer.bad = {{"a", std::string(10'000, 'x')}};
  receive(kCluster, "1", {"a"});
  const std::string sent = requests().at(0);
  EXPECT_LT(sent.size(), 4'300u);
  EXPECT_TRUE(sent.ends_with("...(truncated)"));
}

constexpr observe::StatSchema kSchema{"cluster_manager", kSubscriptionStats};

TEST_P(BothProtocols, subscriptions_count) {
  auto stats = std::make_shared<observe::StatGroup>(registry, kSchema, observe::StatName{"cds", {}});
  auto value = [&](SubscriptionStat stat) { return stats->value(stat); };
  client.subscribe(kCluster, kWildcard, {.initial_fetch_timeout = seconds(15), .stats = stats});
  EXPECT_EQ(value(SubscriptionStat::kAttempt), 1);
  client.protocol->stream_closed();
  EXPECT_EQ(value(SubscriptionStat::kFailure), 1);
  client.pass(seconds(15));
  EXPECT_EQ(value(SubscriptionStat::kFetchTimeout), 1);
  client.protocol->stream_opened();
  receive(kCluster, "1", {"a"});
  EXPECT_EQ(value(SubscriptionStat::kSuccess), 1);
  EXPECT_EQ(value(SubscriptionStat::kTime), 1'700'000'000'000);
  const int64_t version = value(SubscriptionStat::kVersion);
  EXPECT_NE(version, 0);
  client.observer.bad = {{"a", "no"}};
  receive(kCluster, "2", {"a"});
  EXPECT_EQ(value(SubscriptionStat::kRejected), 1);
  EXPECT_EQ(value(SubscriptionStat::kSuccess), 1);
  EXPECT_EQ(value(SubscriptionStat::kVersion), version);
  EXPECT_EQ(value(SubscriptionStat::kAttempt), 5);
}

INSTANTIATE_TEST_SUITE_P(, BothProtocols, testing::Bool(),
                         [](const auto& info) { return std::string(info.param ? "delta" : "sotw"); });

}  // namespace
}  // namespace proa::xds
