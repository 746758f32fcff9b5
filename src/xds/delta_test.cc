#include <gtest/gtest.h>

#include "xds/test_protocol.h"

namespace proa::xds {
namespace {

struct Delta : testing::Test {
  /// "a@1" is resource a in version 1, "-a" its removal.
  static dv3::DeltaDiscoveryResponse response(std::string_view type_url, const std::string& nonce, const Lines& items) {
    dv3::DeltaDiscoveryResponse out;
    out.set_type_url(std::string(type_url));
    out.set_nonce(nonce);
    for (const std::string& text : items) {
      if (text[0] == '-') {
        out.add_removed_resources(text.substr(1));
        continue;
      }
      const size_t at = text.find('@');
      dv3::Resource& added = *out.add_resources();
      added.set_name(text.substr(0, at));
      added.set_version(text.substr(at + 1));
      *added.mutable_resource() = resource(type_url, added.name(), added.version());
    }
    return out;
  }
  void receive(std::string_view type_url, const std::string& nonce, const Lines& items) {
    client.receive(response(type_url, nonce, items));
  }
  Lines requests() { return client.requests(); }
  Lines events() { return client.observer.take(); }

  TestClient client{/*delta=*/true};
};

TEST_F(Delta, the_wildcard_is_an_empty_first_request_and_an_acknowledgement_is_a_nonce_only) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  EXPECT_EQ(requests(), Lines{"node Cluster -"});
  receive(kCluster, "n1", {"a@1", "b@5"});
  EXPECT_EQ(events(), Lines{"Cluster : a@1 b@5"});
  EXPECT_EQ(requests(), Lines{"Cluster n1"});
}

TEST_F(Delta, a_response_changes_only_what_it_names) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  receive(kCluster, "n1", {"a@1", "b@1"});
  receive(kCluster, "n2", {"a@2", "-b", "-unknown"});
  EXPECT_EQ(events(), (Lines{"Cluster : a@1 b@1", "Cluster : a@2 -b"}));
}

TEST_F(Delta, every_response_is_acknowledged_in_order) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  requests();
  receive(kCluster, "n1", {"a@1"});
  client.observer.bad = {{"b", "too big"}};
  receive(kCluster, "n2", {"b@1"});
  receive(kCluster, "n3", {"c@1"});
  EXPECT_EQ(requests(), (Lines{"Cluster n1", "Cluster n2 refused: b: too big", "Cluster n3"}));
}

// istiod drops a request with an old nonce, and what it changes with it.
TEST_F(Delta, changes_have_no_nonce_and_are_apart_from_acknowledgements) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  requests();
  client.observer.during_update = [this](const Update&) { client.subscribe(kEndpoints, "b"); };
  receive(kEndpoints, "n1", {"a@1"});
  EXPECT_EQ(requests(), (Lines{"ClusterLoadAssignment n1", "ClusterLoadAssignment - +[b]"}));
}

TEST_F(Delta, a_new_stream_begins_with_all_names_and_versions) {
  client.subscribe(kCluster, kWildcard);
  client.subscribe(kEndpoints, "a");
  client.subscribe(kEndpoints, "b");
  client.protocol->stream_opened();
  requests();
  receive(kCluster, "n1", {"c@3"});
  receive(kEndpoints, "n2", {"a@4"});
  client.reconnect();
  EXPECT_EQ(requests(), (Lines{"node Cluster - have[c=3]", "ClusterLoadAssignment - +[a,b] have[a=4]"}))
      << "no acknowledgement of the old stream";
  client.subscribe(kEndpoints, "d");
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment - +[d]"}) << "versions only in the first request";
}

// envoyproxy/envoy#33607, #36951: names were forgotten after a reconnect.
TEST_F(Delta, changes_that_were_not_said_before_the_stream_ended_are_in_the_first_request) {
  client.subscribe(kSecret, "a");
  client.subscribe(kSecret, "b");
  client.protocol->stream_opened();
  requests();
  client.subscribe(kSecret, "c");
  client.unsubscribe(kSecret, "b");
  client.protocol->stream_closed();
  client.subscribe(kSecret, "d");
  client.protocol->stream_opened();
  EXPECT_EQ(requests(), Lines{"node Secret - +[a,c,d]"});
  EXPECT_EQ(requests(), Lines{});
}

TEST_F(Delta, removed_names_are_not_claimed_on_the_next_stream) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  receive(kEndpoints, "n1", {"a@1"});
  receive(kEndpoints, "n2", {"-a"});
  EXPECT_EQ(events(), (Lines{"ClusterLoadAssignment : a@1", "ClusterLoadAssignment : -a"}));
  client.reconnect();
  EXPECT_EQ(requests(), Lines{"node ClusterLoadAssignment - +[a]"});
}

TEST_F(Delta, a_refused_resource_leaves_the_old_version) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  receive(kEndpoints, "n1", {"a@1"});
  client.observer.bad = {{"a", "no"}};
  receive(kEndpoints, "n2", {"a@2"});
  client.reconnect();
  EXPECT_EQ(requests(), Lines{"node ClusterLoadAssignment - +[a] have[a=1]"});
}

TEST_F(Delta, wildcard_and_names_side_by_side) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  EXPECT_EQ(requests(), Lines{"node Cluster -"});
  client.subscribe(kCluster, "extra");
  EXPECT_EQ(requests(), Lines{"Cluster - +[extra]"});
  receive(kCluster, "n1", {"a@1", "extra@1"});
  requests();
  client.reconnect();
  EXPECT_EQ(requests(), Lines{"node Cluster - +[*,extra] have[a=1,extra=1]"});
  client.unsubscribe(kCluster, "extra");
  EXPECT_EQ(requests(), Lines{"Cluster - -[extra]"});
  EXPECT_TRUE(client.protocol->held(kCluster, "extra")) << "the server says whether the wildcard covers it";
  events();
  receive(kCluster, "n2", {"-extra"});
  EXPECT_EQ(events(), Lines{"Cluster : -extra"});
}

TEST_F(Delta, without_the_wildcard_only_names_are_left) {
  client.subscribe(kCluster, kWildcard);
  client.subscribe(kCluster, "a");
  client.protocol->stream_opened();
  receive(kCluster, "n1", {"a@1", "b@1"});
  requests();
  client.unsubscribe(kCluster, kWildcard);
  EXPECT_EQ(requests(), Lines{"Cluster - -[*]"});
  EXPECT_TRUE(client.protocol->held(kCluster, "a"));
  EXPECT_FALSE(client.protocol->held(kCluster, "b"));
}

TEST_F(Delta, a_name_that_is_dropped_and_wanted_again_is_asked_for_again) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  receive(kEndpoints, "n1", {"a@1"});
  requests();
  client.unsubscribe(kEndpoints, "a");
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment - -[a]"});
  client.subscribe(kEndpoints, "a");
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment - +[a]"});
}

TEST_F(Delta, a_name_that_is_dropped_and_wanted_again_at_once_is_still_held) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  receive(kEndpoints, "n1", {"a@1"});
  requests();
  client.unsubscribe(kEndpoints, "a");
  client.subscribe(kEndpoints, "a");
  EXPECT_TRUE(client.protocol->held(kEndpoints, "a"));
  EXPECT_EQ(requests(), Lines{});
}

TEST_F(Delta, what_was_never_said_is_not_taken_back) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  requests();
  client.subscribe(kEndpoints, "b");
  client.unsubscribe(kEndpoints, "b");
  EXPECT_EQ(requests(), Lines{});
  client.unsubscribe(kEndpoints, "a");
  client.subscribe(kEndpoints, "a");
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment - +[a]"}) << "it did not come yet: ask again";
  client.unsubscribe(kEndpoints, "a");
  client.subscribe(kEndpoints, "a");
  client.unsubscribe(kEndpoints, "a");
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment - -[a]"});
}

TEST_F(Delta, removal_of_a_name_that_never_came_says_that_it_does_not_exist) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  requests();
  receive(kEndpoints, "n1", {"-a"});
  EXPECT_EQ(events(), (Lines{"ClusterLoadAssignment :", "ClusterLoadAssignment absent a"}));
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment n1"}) << "it is no error";
  client.pass(std::chrono::minutes(1));
  EXPECT_EQ(events(), Lines{}) << "it was told";
  receive(kEndpoints, "n2", {"a@1"});
  EXPECT_EQ(events(), Lines{"ClusterLoadAssignment : a@1"});
}

TEST_F(Delta, whoever_wants_an_absent_name_later_has_it_asked_for_again) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  receive(kEndpoints, "n1", {"-a"});
  requests();
  events();
  client.subscribe(kEndpoints, "a");
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment - +[a]"});
  receive(kEndpoints, "n2", {"-a"});
  EXPECT_EQ(events(), (Lines{"ClusterLoadAssignment :", "ClusterLoadAssignment absent a"}));
}

TEST_F(Delta, a_name_among_added_and_removed_is_refused) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  receive(kCluster, "n1", {"a@1"});
  requests();
  events();
  receive(kCluster, "n2", {"a@2", "-a", "b@1"});
  EXPECT_EQ(events(), Lines{"Cluster : b@1"});
  EXPECT_EQ(requests(), Lines{"Cluster n2 refused: a: is in the response twice"});
  EXPECT_EQ(client.protocol->held(kCluster, "a")->version, "1");
}

TEST_F(Delta, another_type_inside_is_refused) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  requests();
  auto mixed = response(kCluster, "n1", {"a@1", "b@1"});
  mixed.mutable_resources(1)->mutable_resource()->set_type_url("x");
  client.receive(mixed);
  EXPECT_EQ(events(), Lines{"Cluster : a@1"});
  EXPECT_EQ(requests(), Lines{"Cluster n1 refused: b: is of type \"x\", the response of \"type.googleapis.com/envoy"
                              ".config.cluster.v3.Cluster\""});
}

TEST_F(Delta, heartbeats_renew_and_their_end_is_a_removal) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  auto first = response(kEndpoints, "n1", {"a@1"});
  first.mutable_resources(0)->mutable_ttl()->set_seconds(5);
  client.receive(first);
  events();
  requests();
  client.pass(std::chrono::seconds(4));
  first.set_nonce("n2");
  first.mutable_resources(0)->clear_resource();
  client.receive(first);
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment n2"});
  client.pass(std::chrono::seconds(4));
  EXPECT_EQ(events(), Lines{});
  client.pass(std::chrono::seconds(1));
  EXPECT_EQ(events(), Lines{"ClusterLoadAssignment : -a"});
  client.reconnect();
  EXPECT_EQ(requests(), Lines{"node ClusterLoadAssignment - +[a]"});
}

TEST_F(Delta, a_time_to_live_counts_while_the_server_is_away) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  auto first = response(kEndpoints, "n1", {"a@1"});
  first.mutable_resources(0)->mutable_ttl()->set_seconds(5);
  client.receive(first);
  client.protocol->stream_closed();
  events();
  client.pass(std::chrono::seconds(5));
  EXPECT_EQ(events(), Lines{"ClusterLoadAssignment : -a"});
}

TEST_F(Delta, an_empty_body_that_is_no_heartbeat_is_refused_but_for_aliases) {
  client.subscribe(kRoutes, "a");
  client.subscribe(kRoutes, "b");
  client.protocol->stream_opened();
  requests();
  auto empty = response(kRoutes, "n1", {"a@1", "b@1"});
  for (auto& resource : *empty.mutable_resources()) resource.clear_resource();
  empty.mutable_resources(1)->add_aliases("b");
  client.receive(empty);
  EXPECT_EQ(requests(), Lines{"RouteConfiguration n1 refused: a: has no body, and is not held in this version"});
  EXPECT_EQ(events(), Lines{"RouteConfiguration absent b"});
}

TEST_F(Delta, an_error_in_place_of_a_resource_says_that_there_is_none) {
  if constexpr (requires(dv3::DeltaDiscoveryResponse r) { r.add_resource_errors(); }) {
    client.subscribe(kRoutes, "a");
    client.subscribe(kRoutes, "b");
    client.protocol->stream_opened();
    receive(kRoutes, "n1", {"b@1"});
    events();
    auto errors = response(kRoutes, "n2", {});
    errors.add_resource_errors()->mutable_resource_name()->set_name("a");
    errors.add_resource_errors()->mutable_resource_name()->set_name("b");
    client.receive(errors);
    EXPECT_EQ(events(), (Lines{"RouteConfiguration :", "RouteConfiguration absent a"}));
    EXPECT_TRUE(client.protocol->held(kRoutes, "b")) << "the last good one stays";
  }
}

}  // namespace
}  // namespace proa::xds
