#include <gtest/gtest.h>

#include "xds/test_protocol.h"

namespace proa::xds {
namespace {

struct Sotw : testing::Test {
  /// "a" is a resource a; "a=data" one with other bytes.
  static dv3::DiscoveryResponse response(std::string_view type_url, const std::string& version,
                                         const std::string& nonce, const Lines& resources) {
    dv3::DiscoveryResponse out;
    out.set_type_url(std::string(type_url));
    out.set_version_info(version);
    out.set_nonce(nonce);
    for (const std::string& text : resources) {
      const size_t equals = std::min(text.find('='), text.size());
      *out.add_resources() = resource(type_url, text.substr(0, equals), text.substr(equals));
    }
    return out;
  }
  void receive(std::string_view type_url, const std::string& version, const std::string& nonce,
               const Lines& resources) {
    client.receive(response(type_url, version, nonce, resources));
  }
  Lines requests() { return client.requests(); }
  Lines events() { return client.observer.take(); }

  TestClient client{/*delta=*/false};
};

TEST_F(Sotw, the_wildcard_is_an_empty_list_and_is_acknowledged_at_once) {
  client.subscribe(kCluster, kWildcard);
  EXPECT_EQ(requests(), Lines{}) << "there is no stream";
  client.protocol->stream_opened();
  EXPECT_EQ(requests(), Lines{"node Cluster - - []"});
  receive(kCluster, "1", "n1", {"a", "b"});
  EXPECT_EQ(events(), Lines{"Cluster 1: a@1 b@1"});
  EXPECT_EQ(requests(), Lines{"Cluster 1 n1 []"});
  EXPECT_EQ(requests(), Lines{});
}

TEST_F(Sotw, what_a_full_state_response_lacks_is_removed) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  receive(kCluster, "1", "n1", {"a", "b"});
  receive(kCluster, "2", "n2", {"b"});
  EXPECT_EQ(events(), (Lines{"Cluster 1: a@1 b@1", "Cluster 2: b@2= -a"}));
  EXPECT_FALSE(client.protocol->held(kCluster, "a"));
  EXPECT_EQ(client.protocol->held(kCluster, "b")->version, "2");
}

TEST_F(Sotw, an_empty_response_of_full_state_removes_all) {
  client.subscribe(kListener, kWildcard);
  client.protocol->stream_opened();
  receive(kListener, "1", "n1", {});
  receive(kListener, "2", "n2", {"a"});
  receive(kListener, "3", "n3", {});
  EXPECT_EQ(events(), (Lines{"Listener 1:", "Listener 2: a@2", "Listener 3: -a"}));
}

TEST_F(Sotw, other_types_keep_what_a_response_lacks) {
  client.subscribe(kEndpoints, "a");
  client.subscribe(kEndpoints, "b");
  client.protocol->stream_opened();
  EXPECT_EQ(requests(), Lines{"node ClusterLoadAssignment - - [a,b]"});
  receive(kEndpoints, "1", "n1", {"a", "b"});
  receive(kEndpoints, "2", "n2", {"a=x"});
  receive(kEndpoints, "3", "n3", {});
  EXPECT_EQ(events(),
            (Lines{"ClusterLoadAssignment 1: a@1 b@1", "ClusterLoadAssignment 2: a@2", "ClusterLoadAssignment 3:"}));
  EXPECT_EQ(requests(), (Lines{"ClusterLoadAssignment 3 n1 [a,b]", "ClusterLoadAssignment 3 n2 [a,b]",
                               "ClusterLoadAssignment 3 n3 [a,b]"}));
  EXPECT_TRUE(client.protocol->held(kEndpoints, "a"));
  EXPECT_TRUE(client.protocol->held(kEndpoints, "b"));
}

TEST_F(Sotw, names_that_nobody_asked_for_are_passed_over) {
  client.subscribe(kRoutes, "a");
  client.protocol->stream_opened();
  receive(kRoutes, "1", "n1", {"a", "other"});
  EXPECT_EQ(events(), Lines{"RouteConfiguration 1: a@1"});
  EXPECT_FALSE(client.protocol->held(kRoutes, "other"));
}

TEST_F(Sotw, a_refusal_names_the_bad_and_the_good_is_taken) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  receive(kCluster, "1", "n1", {"a", "b"});
  requests();
  client.observer.bad = {{"b", "no such policy"}};
  receive(kCluster, "2", "n2", {"a=x", "b=x"});
  EXPECT_EQ(requests(), Lines{"Cluster 1 n2 [] refused: b: no such policy"}) << "the version is the last accepted";
  EXPECT_EQ(client.protocol->held(kCluster, "a")->version, "2");
  EXPECT_EQ(client.protocol->held(kCluster, "b")->version, "1") << "the last good one stays";
  client.observer.bad.clear();
  receive(kCluster, "3", "n3", {"a=x", "b=y"});
  EXPECT_EQ(requests(), Lines{"Cluster 3 n3 []"});
}

// go-control-plane answers a refusal with the same version, at once.
TEST_F(Sotw, a_version_that_is_sent_again_after_its_refusal_is_refused_more_and_more_slowly) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  requests();
  client.observer.bad = {{"a", "no"}};
  int sent = 0;
  for (int second = 0; second < 60; ++second) {
    for (int i = 0; i < 100; ++i) {
      if (!requests().empty() || sent == 0) receive(kCluster, "1", "n" + std::to_string(++sent), {"a"});
      client.pass(Milliseconds(10));
    }
  }
  EXPECT_GT(sent, 12);
  EXPECT_LT(sent, 20);
  client.pass(std::chrono::seconds(5));
  requests();
  receive(kCluster, "2", "m1", {"a"});
  EXPECT_EQ(requests().size(), 1u) << "another version is answered at once";
}

TEST_F(Sotw, a_refusal_that_waits_goes_with_the_next_change) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  requests();
  client.observer.bad = {{"a", "no"}};
  receive(kEndpoints, "1", "n1", {"a"});
  requests();
  receive(kEndpoints, "1", "n2", {"a"});
  EXPECT_EQ(requests(), Lines{});
  client.subscribe(kEndpoints, "b");
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment - n2 [a,b] refused: a: no"});
}

TEST_F(Sotw, a_name_twice_is_refused_and_the_one_held_stays) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  requests();
  receive(kCluster, "1", "n1", {"a", "b"});
  events();
  receive(kCluster, "2", "n2", {"a=x", "a=y", "c"});
  EXPECT_EQ(events(), Lines{"Cluster 2: c@2 -b"});
  EXPECT_EQ(requests().back(), "Cluster 1 n2 [] refused: a: is in the response twice");
  EXPECT_EQ(client.protocol->held(kCluster, "a")->version, "1");
}

TEST_F(Sotw, another_type_inside_is_refused) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  auto mixed = response(kCluster, "1", "n1", {"a"});
  *mixed.add_resources() = resource(kListener, "l");
  client.receive(mixed);
  EXPECT_EQ(events(), Lines{"Cluster 1: a@1"});
  EXPECT_EQ(requests(), Lines{"node Cluster - n1 [] refused: l: is of type \"type.googleapis.com/envoy.config.listener"
                              ".v3.Listener\", the response of \"type.googleapis.com/envoy.config.cluster.v3.Cluste"
                              "r\""});
}

TEST_F(Sotw, what_cannot_be_read_is_refused_by_its_place_and_removes_nothing) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  receive(kCluster, "1", "n1", {"a"});
  requests();
  auto broken = response(kCluster, "2", "n2", {"b"});
  auto* any = broken.add_resources();
  any->set_type_url(std::string(kCluster));
  any->set_value("\x0a\x20short");
  client.receive(broken);
  EXPECT_EQ(requests(), Lines{"Cluster 1 n2 [] refused: resources[1]: is no readable message"});
  EXPECT_TRUE(client.protocol->held(kCluster, "a")) << "it may be the one that is broken";
}

TEST_F(Sotw, a_reconnect_keeps_the_version_and_starts_without_a_nonce) {
  client.subscribe(kCluster, kWildcard);
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  requests();
  receive(kCluster, "7", "n1", {"a"});
  receive(kEndpoints, "8", "n2", {"a"});
  requests();
  client.reconnect();
  EXPECT_EQ(requests(), (Lines{"node Cluster 7 - []", "ClusterLoadAssignment 8 - [a]"}));
  receive(kCluster, "7", "m1", {"a"});
  EXPECT_EQ(requests(), Lines{"Cluster 7 m1 []"});
}

TEST_F(Sotw, acknowledgements_do_not_survive_the_stream) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  requests();
  receive(kCluster, "1", "n1", {"a"});
  client.reconnect();
  EXPECT_EQ(requests(), Lines{"node Cluster 1 - []"});
}

// A server that believes a version sends nothing: it must not be told one while something is missing.
TEST_F(Sotw, no_version_is_claimed_while_something_asked_for_is_missing) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  receive(kEndpoints, "1", "n1", {"a"});
  requests();
  client.protocol->stream_closed();
  client.subscribe(kEndpoints, "b");
  client.protocol->stream_opened();
  EXPECT_EQ(requests(), Lines{"node ClusterLoadAssignment - - [a,b]"});
}

// Rolled back to version 1 meanwhile, a server that believes would leave the parts of version 2 in place.
TEST_F(Sotw, no_version_is_claimed_while_parts_of_a_refused_one_are_held) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  receive(kCluster, "1", "n1", {"a", "b"});
  client.observer.bad = {{"b", "no"}};
  receive(kCluster, "2", "n2", {"a=x", "b=x"});
  client.reconnect();
  EXPECT_EQ(requests(), Lines{"node Cluster - - []"});
}

TEST_F(Sotw, what_is_held_stays_while_the_server_is_away) {
  client.subscribe(kCluster, kWildcard);
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  receive(kCluster, "1", "n1", {"a"});
  receive(kEndpoints, "1", "n2", {"a"});
  events();
  client.protocol->stream_closed();
  client.pass(std::chrono::hours(100));
  EXPECT_EQ(events(), Lines{});
  EXPECT_TRUE(client.protocol->held(kEndpoints, "a"));
}

TEST_F(Sotw, a_change_is_a_whole_list_with_the_newest_nonce) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  requests();
  receive(kEndpoints, "1", "n1", {"a"});
  requests();
  client.subscribe(kEndpoints, "b");
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment 1 n1 [a,b]"});
  client.unsubscribe(kEndpoints, "a");
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment 1 n1 [b]"});
  EXPECT_FALSE(client.protocol->held(kEndpoints, "a"));
}

// The server has sent n2 when the change reaches it with n1, and ignores it.
TEST_F(Sotw, a_change_that_crossed_a_response_is_said_again) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  receive(kEndpoints, "1", "n1", {"a"});
  requests();
  client.subscribe(kEndpoints, "b");
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment 1 n1 [a,b]"});
  receive(kEndpoints, "2", "n2", {"a"});
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment 2 n2 [a,b]"});
}

// The server has sent "a" in n2 and ignores the lists with n1: for it, "a" was wanted all the time and is sent.
TEST_F(Sotw, a_name_that_left_and_came_back_while_a_response_was_under_way_is_sent_again) {
  client.subscribe(kRoutes, "a");
  client.subscribe(kRoutes, "b");
  client.protocol->stream_opened();
  requests();
  receive(kRoutes, "1", "n1", {"b"});
  requests();
  client.unsubscribe(kRoutes, "a");
  EXPECT_EQ(requests(), Lines{"RouteConfiguration 1 n1 [b]"});
  receive(kRoutes, "2", "n2", {"a"});
  client.subscribe(kRoutes, "a");
  EXPECT_EQ(requests(), (Lines{"RouteConfiguration 2 n2 [b]", "RouteConfiguration 2 n2 [a,b]"}));
  receive(kRoutes, "3", "n3", {"b"});
  EXPECT_EQ(requests(), (Lines{"RouteConfiguration 3 n3 [b]", "RouteConfiguration 3 n3 [a,b]"}));
  receive(kRoutes, "4", "n4", {"a"});
  EXPECT_EQ(requests(), Lines{"RouteConfiguration 4 n4 [a,b]"});
}

TEST_F(Sotw, doubt_about_a_name_that_never_comes_ends) {
  client.subscribe(kRoutes, "a");
  client.protocol->stream_opened();
  requests();
  client.unsubscribe(kRoutes, "a");
  requests();
  client.subscribe(kRoutes, "a");
  EXPECT_EQ(requests(), (Lines{"RouteConfiguration - - []", "RouteConfiguration - - [a]"}));
  client.pass(std::chrono::seconds(61));
  receive(kRoutes, "1", "n1", {});
  EXPECT_EQ(requests(), Lines{"RouteConfiguration 1 n1 [a]"});
}

TEST_F(Sotw, once_a_name_was_said_the_wildcard_is_spelled_out) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  EXPECT_EQ(requests(), Lines{"node Cluster - - []"});
  client.subscribe(kCluster, "extra");
  EXPECT_EQ(requests(), Lines{"Cluster - - [*,extra]"});
  client.unsubscribe(kCluster, "extra");
  EXPECT_EQ(requests(), Lines{"Cluster - - [*]"});
  client.unsubscribe(kCluster, kWildcard);
  EXPECT_EQ(requests(), Lines{"Cluster - - []"}) << "after names this means nothing";
  client.reconnect();
  EXPECT_EQ(requests(), Lines{}) << "an empty list would be the wildcard again";
}

TEST_F(Sotw, nothing_is_acknowledged_that_would_subscribe_to_all) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  requests();
  client.unsubscribe(kCluster, kWildcard);
  receive(kCluster, "1", "n1", {"a"});
  EXPECT_EQ(requests(), Lines{});
  EXPECT_EQ(events(), Lines{});
}

TEST_F(Sotw, responses_after_the_last_name_is_gone_are_acknowledged_and_not_told) {
  client.subscribe(kEndpoints, "a");
  client.protocol->stream_opened();
  requests();
  client.unsubscribe(kEndpoints, "a");
  receive(kEndpoints, "1", "n1", {"a"});
  EXPECT_EQ(requests(), Lines{"ClusterLoadAssignment 1 n1 []"});
  EXPECT_EQ(events(), Lines{});
}

TEST_F(Sotw, a_name_lately_asked_for_is_not_absent_because_a_response_lacks_it) {
  client.subscribe(kListener, "a");
  client.protocol->stream_opened();
  receive(kListener, "1", "n1", {"a"});
  client.subscribe(kListener, "b");
  events();
  receive(kListener, "2", "n2", {"a"});
  EXPECT_EQ(events(), Lines{"Listener 2: a@2="});
  receive(kListener, "3", "n3", {"b"});
  EXPECT_EQ(events(), Lines{"Listener 3: b@3 -a"});
}

dv3::Resource envelope(std::string_view type_url, const std::string& name, int ttl, bool body = true) {
  dv3::Resource out;
  out.set_name(name);
  if (ttl > 0) out.mutable_ttl()->set_seconds(ttl);
  if (body) *out.mutable_resource() = resource(type_url, name);
  return out;
}

TEST_F(Sotw, a_time_to_live_is_renewed_by_heartbeats_and_its_end_is_a_removal) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  auto first = response(kCluster, "1", "n1", {"stays"});
  first.add_resources()->PackFrom(envelope(kCluster, "a", 10));
  client.receive(first);
  EXPECT_EQ(events(), Lines{"Cluster 1: stays@1 a@1"});
  requests();
  client.pass(std::chrono::seconds(8));
  auto heartbeat = response(kCluster, "1", "n2", {});
  heartbeat.add_resources()->PackFrom(envelope(kCluster, "a", 10, false));
  client.receive(heartbeat);
  EXPECT_EQ(events(), Lines{}) << "no news, and what it lacks is not deleted";
  EXPECT_EQ(requests(), Lines{"Cluster 1 n2 []"});
  client.pass(std::chrono::seconds(9));
  EXPECT_EQ(events(), Lines{});
  client.pass(std::chrono::seconds(1));
  EXPECT_EQ(events(), Lines{"Cluster : -a"});
  client.reconnect();
  EXPECT_EQ(requests(), Lines{"node Cluster - - []"}) << "version 1 is not held any more";
}

TEST_F(Sotw, a_heartbeat_of_another_version_is_refused) {
  client.subscribe(kCluster, kWildcard);
  client.protocol->stream_opened();
  receive(kCluster, "1", "n1", {"a"});
  requests();
  auto heartbeat = response(kCluster, "2", "n2", {});
  heartbeat.add_resources()->PackFrom(envelope(kCluster, "a", 10, false));
  client.receive(heartbeat);
  EXPECT_EQ(requests(), Lines{"Cluster 1 n2 [] refused: a: has no body, and is not held in this version"});
  EXPECT_TRUE(client.protocol->held(kCluster, "a"));
}

TEST_F(Sotw, types_ask_in_the_order_of_their_first_subscription_and_acknowledge_first) {
  client.subscribe(kCluster, kWildcard);
  client.subscribe(kListener, kWildcard);
  client.protocol->stream_opened();
  EXPECT_EQ(requests(), (Lines{"node Cluster - - []", "Listener - - []"}));
  client.observer.during_update = [this](const Update& update) {
    if (update.type_url == kCluster) client.subscribe(kEndpoints, "a");
  };
  receive(kCluster, "1", "n1", {"a"});
  EXPECT_EQ(requests(), (Lines{"Cluster 1 n1 []", "ClusterLoadAssignment - - [a]"}));
}

}  // namespace
}  // namespace proa::xds
