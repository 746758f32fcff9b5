// Delta, rule by rule.
#include "mesh/push/test_session.h"

namespace proa::mesh {
namespace {

using State = ResourceStatus::State;

class Delta : public SessionTest {
 protected:
  Delta() : SessionTest(true) {}

  Status ask(std::string_view type, const Names& subscribe, const Names& unsubscribe = {},
             const std::map<std::string, std::string>& held = {}) {
    dv3::DeltaDiscoveryRequest request;
    request.set_type_url(std::string(type));
    for (const std::string& name : subscribe) request.add_resource_names_subscribe(name);
    for (const std::string& name : unsubscribe) request.add_resource_names_unsubscribe(name);
    request.mutable_initial_resource_versions()->insert(held.begin(), held.end());
    return send(request);
  }
  void answer(const Got& got, const std::string& error = {}) {
    dv3::DeltaDiscoveryRequest request;
    request.set_type_url(got.type_url);
    request.set_response_nonce(got.nonce);
    if (!error.empty()) request.mutable_error_detail()->set_message(error);
    EXPECT_TRUE(send(request));
  }
  void ack(const Got& got) { answer(got); }
};

TEST_F(Delta, a_first_request_without_names_asks_for_all) {
  put(kClusterType, "a", "1");
  put(kClusterType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  auto got = next();
  EXPECT_EQ(*got, (Names{"a", "b"}));
  ack(*got);
  put(kClusterType, "b", "2");
  put(kClusterType, "c", "1");
  publish();
  EXPECT_EQ(*next(), (Names{"b", "c"})) << "changes only";
}

TEST_F(Delta, nothing_there_is_an_answer_to_the_first_question) {
  publish();
  EXPECT_TRUE(ask(kListenerType, {}));
  auto got = next();
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, Names{});
  ack(*got);
  EXPECT_FALSE(next());
}

TEST_F(Delta, what_does_not_exist_is_said_so) {
  put(kEndpointsType, "a", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a", "nobody"}));
  auto got = next();
  EXPECT_EQ(got->names, Names{"a"});
  EXPECT_EQ(got->removed, Names{"nobody"});
  ack(*got);
  put(kEndpointsType, "nobody", "1");
  publish();
  EXPECT_EQ(*next(), Names{"nobody"}) << "it is subscribed all the same";
}

TEST_F(Delta, versions_are_those_of_the_content) {
  put(kEndpointsType, "a", "1");
  put(kEndpointsType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a", "b"}));
  auto first = next();
  put(kEndpointsType, "a", "2");
  publish();
  ack(*first);
  auto second = next();
  EXPECT_NE(first->versions["a"], second->versions["a"]);
  put(kEndpointsType, "a", "1");
  publish();
  ack(*second);
  EXPECT_EQ(first->versions["a"], next()->versions["a"]);
}

TEST_F(Delta, a_proxy_that_comes_again_gets_only_what_changed) {
  put(kClusterType, "same", "1");
  put(kClusterType, "changed", "1");
  put(kClusterType, "gone", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  auto versions = next()->versions;
  erase(kClusterType, "gone");
  put(kClusterType, "changed", "2");
  publish();
  reconnect();
  EXPECT_TRUE(ask(kClusterType, {}, {}, versions));
  auto got = next();
  EXPECT_EQ(got->names, Names{"changed"});
  EXPECT_EQ(got->removed, Names{"gone"});
}

TEST_F(Delta, a_proxy_that_has_everything_gets_nothing) {
  put(kClusterType, "a", "1");
  put(kEndpointsType, "e", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  EXPECT_TRUE(ask(kEndpointsType, {"e"}));
  auto clusters = next()->versions, endpoints = next()->versions;
  reconnect();
  EXPECT_TRUE(ask(kClusterType, {}, {}, clusters));
  EXPECT_TRUE(ask(kEndpointsType, {"e"}, {}, endpoints));
  EXPECT_FALSE(next());
}

TEST_F(Delta, versions_of_another_server_are_old) {
  put(kEndpointsType, "e", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"e"}, {}, {{"e", "2026-11-30T00:00:00Z/17"}}));
  EXPECT_EQ(*next(), Names{"e"});
}

TEST_F(Delta, a_name_asked_again_is_sent_again) {
  put(kEndpointsType, "a", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a"}));
  ack(*next());
  EXPECT_TRUE(ask(kEndpointsType, {"a"}));
  EXPECT_EQ(*next(), Names{"a"});
}

TEST_F(Delta, what_nobody_wants_any_more_is_not_sent) {
  put(kEndpointsType, "a", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a"}));
  ack(*next());
  EXPECT_TRUE(ask(kEndpointsType, {}, {"a"}));
  EXPECT_FALSE(next()) << "an unsubscription gets no answer";
  put(kEndpointsType, "a", "2");
  publish();
  EXPECT_FALSE(next());
}

TEST_F(Delta, a_name_left_under_the_wildcard_is_answered) {
  put(kClusterType, "there", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {"*", "there", "nowhere"}));
  ack(*next());
  EXPECT_TRUE(ask(kClusterType, {}, {"there", "nowhere"}));
  auto got = next();
  EXPECT_EQ(got->names, Names{"there"});
  EXPECT_EQ(got->removed, Names{"nowhere"});
}

TEST_F(Delta, leaving_the_wildcard_keeps_the_names) {
  put(kClusterType, "named", "1");
  put(kClusterType, "other", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {"*", "named"}));
  ack(*next());
  EXPECT_TRUE(ask(kClusterType, {}, {"*"}));
  put(kClusterType, "named", "2");
  put(kClusterType, "other", "2");
  publish();
  EXPECT_EQ(*next(), Names{"named"});
}

TEST_F(Delta, the_wildcard_may_come_later) {
  put(kClusterType, "a", "1");
  put(kClusterType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {"a"}));
  ack(*next());
  EXPECT_TRUE(ask(kClusterType, {"*"}));
  EXPECT_EQ(*next(), Names{"b"});
}

TEST_F(Delta, what_is_gone_is_removed) {
  put(kListenerType, "a", "1");
  put(kListenerType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kListenerType, {}));
  ack(*next());
  erase(kListenerType, "b");
  publish();
  auto got = next();
  EXPECT_EQ(got->names, Names{});
  EXPECT_EQ(got->removed, Names{"b"});
  ack(*got);
  EXPECT_FALSE(next());
}

TEST_F(Delta, an_acknowledgement_may_subscribe_as_well) {
  put(kEndpointsType, "a", "1");
  put(kEndpointsType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a"}));
  auto got = next();
  dv3::DeltaDiscoveryRequest request;
  request.set_type_url(got->type_url);
  request.set_response_nonce(got->nonce);
  request.add_resource_names_subscribe("b");
  EXPECT_TRUE(send(request));
  EXPECT_EQ(*next(), Names{"b"});
  EXPECT_EQ(status(kEndpointsType, "a").state, State::kAcked);
}

TEST_F(Delta, a_subscription_is_answered_though_its_nonce_is_old) {
  put(kEndpointsType, "a", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {}));
  dv3::DeltaDiscoveryRequest request;
  request.set_type_url(std::string(kEndpointsType));
  request.set_response_nonce("of another stream");
  request.add_resource_names_subscribe("a");
  EXPECT_TRUE(send(request));
  EXPECT_EQ(*next(), Names{"a"});
}

TEST_F(Delta, what_was_refused_is_not_sent_again_until_it_changes) {
  put(kClusterType, "good", "1");
  put(kClusterType, "bad", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  answer(*next(), "cluster bad: no");
  EXPECT_FALSE(next());
  EXPECT_EQ(status(kClusterType, "good").state, State::kAcked);
  EXPECT_EQ(status(kClusterType, "bad").state, State::kNacked);
  put(kClusterType, "bad", "2");
  publish();
  EXPECT_EQ(*next(), Names{"bad"});
}

TEST_F(Delta, clusters_and_endpoints_go_after_the_routes_that_used_them) {
  put(kClusterType, "old", "1");
  put(kEndpointsType, "old", "1");
  put(kListenerType, "l", "1");
  put(kRoutesType, "r", "to old");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  EXPECT_TRUE(ask(kEndpointsType, {"old"}));
  EXPECT_TRUE(ask(kListenerType, {}));
  EXPECT_TRUE(ask(kRoutesType, {"r"}));
  for (int i = 0; i < 4; ++i) ack(*next());
  erase(kClusterType, "old");
  erase(kEndpointsType, "old");
  put(kClusterType, "new", "1");
  put(kRoutesType, "r", "to new");
  publish();
  auto clusters = next();
  EXPECT_EQ(*clusters, Names{"new"});
  EXPECT_FALSE(next());
  ack(*clusters);
  auto routes = next();
  EXPECT_EQ(*routes, Names{"r"});
  EXPECT_FALSE(next()) << "the route may still be the old one";
  ack(*routes);
  auto gone = next();
  EXPECT_EQ(gone->type_url, kClusterType);
  EXPECT_EQ(gone->removed, Names{"old"});
  auto endpoints = next();
  EXPECT_EQ(endpoints->type_url, kEndpointsType);
  EXPECT_EQ(endpoints->removed, Names{"old"});
  EXPECT_FALSE(next());
}

TEST_F(Delta, what_comes_back_before_it_went_was_never_gone) {
  put(kClusterType, "a", "1");
  put(kRoutesType, "r", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  EXPECT_TRUE(ask(kRoutesType, {"r"}));
  ack(*next());
  ack(*next());
  erase(kClusterType, "a");
  put(kRoutesType, "r", "2");
  publish();
  auto routes = next();
  EXPECT_EQ(routes->type_url, kRoutesType);
  put(kClusterType, "a", "1");
  publish();
  ack(*routes);
  EXPECT_FALSE(next());
}

TEST_F(Delta, a_changed_cluster_gets_its_endpoints_again) {
  put(kClusterType, eds_cluster("a", "service-a", 1));
  put(kEndpointsType, "service-a", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  EXPECT_TRUE(ask(kEndpointsType, {"service-a"}));
  ack(*next());
  ack(*next());
  put(kClusterType, eds_cluster("a", "service-a", 2));
  publish();
  EXPECT_EQ(next()->type_url, kClusterType);
  EXPECT_EQ(*next(), Names{"service-a"});
  EXPECT_FALSE(next());
}

TEST_F(Delta, other_endpoints_do_not_wait_for_a_cluster_that_is_not_warm) {
  put(kClusterType, "a", "1");
  put(kEndpointsType, "e", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  EXPECT_TRUE(ask(kEndpointsType, {"e"}));
  EXPECT_TRUE(next());  // never answered
  ack(*next());
  put(kEndpointsType, "e", "2");
  publish();
  EXPECT_EQ(*next(), Names{"e"});
}

TEST_F(Delta, names_on_demand_are_answered_one_way_or_the_other) {
  put(kVirtualHostType, "routes/there", "1");
  publish();
  EXPECT_TRUE(ask(kVirtualHostType, {"routes/there"}));
  ack(*next());
  EXPECT_TRUE(ask(kVirtualHostType, {"routes/nowhere"}));
  EXPECT_EQ(next()->removed, Names{"routes/nowhere"});
}

}  // namespace
}  // namespace proa::mesh
