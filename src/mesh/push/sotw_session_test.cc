// State of the world, rule by rule (xds_protocol.rst; docs of go-control-plane and istiod where it says nothing).
#include "mesh/push/test_session.h"

namespace proa::mesh {
namespace {

using State = ResourceStatus::State;

class Sotw : public SessionTest {
 protected:
  Sotw() : SessionTest(false) {}

  Status ask(std::string_view type, const Names& names, const std::string& nonce = {}, const std::string& error = {}) {
    dv3::DiscoveryRequest request;
    request.set_type_url(std::string(type));
    for (const std::string& name : names) request.add_resource_names(name);
    request.set_response_nonce(nonce);
    if (!error.empty()) request.mutable_error_detail()->set_message(error);
    return send(request);
  }
  void ack(const Got& got, const Names& names = {}) { EXPECT_TRUE(ask(got.type_url, names, got.nonce)); }
  void nack(const Got& got, const std::string& error, const Names& names = {}) {
    EXPECT_TRUE(ask(got.type_url, names, got.nonce, error));
  }
};

TEST_F(Sotw, an_empty_list_asks_for_all_clusters) {
  put(kClusterType, "a", "1");
  put(kClusterType, "b", "1");
  publish();
  EXPECT_FALSE(next()) << "nobody has asked";
  EXPECT_TRUE(ask(kClusterType, {}));
  auto got = next();
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, (Names{"a", "b"}));
  ack(*got);
  EXPECT_FALSE(next()) << "an acknowledgement gets no answer";
  EXPECT_EQ(status(kClusterType, "a").state, State::kAcked);
}

TEST_F(Sotw, a_star_asks_for_all) {
  put(kListenerType, "a", "1");
  publish();
  EXPECT_TRUE(ask(kListenerType, {"*"}));
  EXPECT_EQ(*next(), Names{"a"});
}

TEST_F(Sotw, nothing_there_is_an_answer_for_clusters_and_listeners) {
  publish();
  EXPECT_TRUE(ask(kListenerType, {}));
  EXPECT_EQ(*next(), Names{});
  EXPECT_TRUE(ask(kClusterType, {"nobody"}));
  EXPECT_EQ(*next(), Names{});
  EXPECT_FALSE(next());
}

TEST_F(Sotw, names_are_answered_when_they_are_there) {
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a", "b"}));
  EXPECT_FALSE(next()) << "state of the world cannot say that there is none";
  put(kEndpointsType, "a", "1");
  put(kEndpointsType, "other", "1");
  publish();
  EXPECT_EQ(*next(), Names{"a"});
}

TEST_F(Sotw, an_empty_list_of_a_type_that_goes_by_name_is_nothing) {
  put(kEndpointsType, "a", "1");
  put(kRoutesType, "a", "1");
  put(kSecretType, "a", "1");
  publish();
  for (std::string_view type : {kEndpointsType, kRoutesType, kSecretType}) EXPECT_TRUE(ask(type, {}));
  EXPECT_FALSE(next());
}

TEST_F(Sotw, a_change_of_clusters_sends_all_of_them) {
  put(kClusterType, "a", "1");
  put(kClusterType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  auto first = next();
  ack(*first);
  put(kClusterType, "b", "2");
  publish();
  auto second = next();
  EXPECT_EQ(*second, (Names{"a", "b"}));
  EXPECT_NE(first->version, second->version);
  EXPECT_NE(first->nonce, second->nonce);
}

TEST_F(Sotw, a_change_of_endpoints_sends_only_those) {
  put(kEndpointsType, "a", "1");
  put(kEndpointsType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a", "b"}));
  ack(*next(), {"a", "b"});
  put(kEndpointsType, "b", "2");
  publish();
  EXPECT_EQ(*next(), Names{"b"});
}

TEST_F(Sotw, what_did_not_change_is_not_sent) {
  put(kClusterType, "a", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  ack(*next());
  put(kClusterType, "a", "1");
  put(kSecretType, "s", "1");
  publish();
  EXPECT_FALSE(next());
}

TEST_F(Sotw, versions_are_those_of_the_content) {
  put(kClusterType, "a", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  const std::string version = next()->version;
  reconnect();
  EXPECT_TRUE(ask(kClusterType, {}));
  EXPECT_EQ(next()->version, version) << "on another stream too";
}

TEST_F(Sotw, names_added_later_are_answered) {
  put(kEndpointsType, "a", "1");
  put(kEndpointsType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a"}));
  ack(*next(), {"a", "b"});  // with the acknowledgement
  EXPECT_EQ(*next(), Names{"b"});
}

TEST_F(Sotw, a_name_dropped_and_asked_again_is_answered_though_unchanged) {
  put(kEndpointsType, "a", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a"}));
  auto got = next();
  ack(*got, {});
  EXPECT_FALSE(next());
  EXPECT_TRUE(ask(kEndpointsType, {"a"}, got->nonce));
  EXPECT_EQ(*next(), Names{"a"});
}

TEST_F(Sotw, an_empty_list_after_names_is_nothing) {
  put(kClusterType, "a", "1");
  put(kClusterType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {"a"}));
  auto got = next();
  EXPECT_EQ(*got, Names{"a"});
  ack(*got, {});
  put(kClusterType, "a", "2");
  put(kClusterType, "b", "2");
  publish();
  EXPECT_FALSE(next());
}

TEST_F(Sotw, names_beside_the_wildcard_do_not_end_it) {
  put(kClusterType, "a", "1");
  put(kClusterType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {"*", "a"}));
  auto got = next();
  EXPECT_EQ(*got, (Names{"a", "b"}));
  ack(*got, {"a"});  // and the wildcard is gone
  put(kClusterType, "b", "2");
  publish();
  EXPECT_FALSE(next());
}

TEST_F(Sotw, an_old_nonce_changes_no_names) {
  put(kEndpointsType, "a", "1");
  put(kEndpointsType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a"}));
  auto first = next();
  EXPECT_TRUE(ask(kEndpointsType, {"a", "b"}, first->nonce));
  auto second = next();
  EXPECT_EQ(*second, Names{"b"});
  EXPECT_TRUE(ask(kEndpointsType, {"a"}, first->nonce)) << "sent before the second arrived";
  ack(*second, {"a", "b"});
  put(kEndpointsType, "b", "2");
  publish();
  EXPECT_EQ(*next(), Names{"b"}) << "still wanted";
}

TEST_F(Sotw, several_requests_before_the_first_response_add_up) {
  put(kEndpointsType, "a", "1");
  put(kEndpointsType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a"}));
  EXPECT_TRUE(ask(kEndpointsType, {"a", "b"}));
  EXPECT_EQ(*next(), (Names{"a", "b"}));
}

TEST_F(Sotw, what_was_refused_is_not_sent_again_until_it_changes) {
  put(kEndpointsType, "a", "bad");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a"}));
  nack(*next(), "no", {"a"});
  EXPECT_FALSE(next());
  EXPECT_EQ(status(kEndpointsType, "a").state, State::kNacked);
  EXPECT_EQ(status(kEndpointsType, "a").reason, "no");
  put(kEndpointsType, "a", "good");
  publish();
  auto got = next();
  EXPECT_EQ(*got, Names{"a"});
  ack(*got, {"a"});
  EXPECT_EQ(status(kEndpointsType, "a").state, State::kAcked);
}

TEST_F(Sotw, a_refusal_is_of_those_it_names) {
  put(kClusterType, "cluster-a", "1");
  put(kClusterType, "cluster-b", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  nack(*next(), "Error adding/updating cluster(s) cluster-b: no such thing");
  EXPECT_EQ(status(kClusterType, "cluster-a").state, State::kAcked);
  EXPECT_EQ(status(kClusterType, "cluster-b").state, State::kNacked);
  EXPECT_EQ(session->counts().refused, 1u);
}

TEST_F(Sotw, the_next_push_waits_for_the_answer) {
  put(kClusterType, "a", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  auto first = next();
  put(kClusterType, "a", "2");
  publish();
  EXPECT_FALSE(next());
  put(kClusterType, "a", "3");
  publish();
  EXPECT_FALSE(next());
  ack(*first);
  EXPECT_TRUE(next());
  EXPECT_FALSE(next()) << "what lies between was merged";
}

TEST_F(Sotw, a_push_does_not_wait_for_ever) {
  put(kClusterType, "a", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  auto first = next();
  put(kClusterType, "a", "2");
  publish();
  EXPECT_EQ(session->next_deadline(), now + options.patience);
  now += options.patience;
  auto second = next();
  ASSERT_TRUE(second);
  put(kClusterType, "a", "3");
  publish();
  EXPECT_TRUE(next()) << "it is known to be late: nothing waits for it until it has caught up";
}

TEST_F(Sotw, a_push_keeps_its_order) {
  for (std::string_view type : {kSecretType, kRoutesType, kListenerType, kEndpointsType, kClusterType}) {
    put(type, "a", "1");
    EXPECT_TRUE(ask(type, {"a"}));
  }
  publish();
  EXPECT_EQ(order(),
            (std::vector<std::string>{"Cluster", "ClusterLoadAssignment", "Listener", "RouteConfiguration", "Secret"}));
}

TEST_F(Sotw, what_comes_after_waits_with_what_may_not_be_sent) {
  put(kClusterType, "a", "1");
  put(kRoutesType, "r", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  EXPECT_TRUE(ask(kRoutesType, {"r"}));
  auto clusters = next(), routes = next();
  ack(*routes, {"r"});
  put(kClusterType, "b", "1");
  put(kRoutesType, "r", "to b");
  publish();
  EXPECT_FALSE(next()) << "the route must not come before its cluster";
  ack(*clusters);
  clusters = next();
  EXPECT_EQ(*clusters, (Names{"a", "b"}));
  EXPECT_FALSE(next()) << "nor before the cluster is warm";
  ack(*clusters);
  EXPECT_EQ(order(), std::vector<std::string>{"RouteConfiguration"});
}

TEST_F(Sotw, routes_do_not_wait_for_ever_for_clusters) {
  put(kClusterType, "a", "1");
  put(kRoutesType, "r", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  EXPECT_TRUE(ask(kRoutesType, {"r"}));
  EXPECT_TRUE(next());  // one cluster is never warm
  ack(*next(), {"r"});
  put(kRoutesType, "r", "2");
  publish();
  EXPECT_FALSE(next());
  now += options.patience;
  EXPECT_EQ(*next(), Names{"r"});
}

TEST_F(Sotw, a_question_is_answered_while_clusters_wait) {
  put(kClusterType, "a", "1");
  put(kEndpointsType, "a", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  EXPECT_TRUE(next());  // not answered: Envoy does so when its clusters are warm, for which it needs
  put(kClusterType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kEndpointsType, {"a"}));
  EXPECT_EQ(*next(), Names{"a"});
}

TEST_F(Sotw, a_cluster_goes_after_the_routes_that_used_it) {
  put(kClusterType, "old", "1");
  put(kListenerType, "l", "1");
  put(kRoutesType, "r", "to old");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  EXPECT_TRUE(ask(kListenerType, {}));
  EXPECT_TRUE(ask(kRoutesType, {"r"}));
  ack(*next());
  ack(*next());
  ack(*next(), {"r"});
  erase(kClusterType, "old");
  put(kClusterType, "new", "1");
  put(kRoutesType, "r", "to new");
  publish();
  auto clusters = next();
  EXPECT_EQ(*clusters, (Names{"new", "old"})) << "made before the old one is broken";
  EXPECT_FALSE(next());
  ack(*clusters);
  auto routes = next();
  EXPECT_EQ(*routes, Names{"r"});
  EXPECT_FALSE(next());
  ack(*routes, {"r"});
  auto last = next();
  ASSERT_TRUE(last);
  EXPECT_EQ(*last, Names{"new"});
  ack(*last);
  EXPECT_FALSE(next());
}

TEST_F(Sotw, a_cluster_that_nothing_used_goes_at_once) {
  put(kClusterType, "a", "1");
  put(kClusterType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  EXPECT_TRUE(ask(kListenerType, {}));
  ack(*next());
  ack(*next());
  erase(kClusterType, "b");
  publish();
  EXPECT_EQ(*next(), Names{"a"});
}

TEST_F(Sotw, a_changed_cluster_gets_its_endpoints_again) {
  put(kClusterType, eds_cluster("a", "service-a", 1));
  put(kClusterType, eds_cluster("b", "", 1));
  put(kEndpointsType, "service-a", "1");
  put(kEndpointsType, "b", "1");
  publish();
  EXPECT_TRUE(ask(kClusterType, {}));
  auto clusters = next();
  EXPECT_TRUE(ask(kEndpointsType, {"service-a", "b"}));
  ack(*next(), {"service-a", "b"});
  ack(*clusters);
  put(kClusterType, eds_cluster("a", "service-a", 2));
  publish();
  EXPECT_EQ(next()->type_url, kClusterType);
  EXPECT_EQ(*next(), Names{"service-a"});
  EXPECT_FALSE(next());
}

TEST_F(Sotw, a_world_that_is_not_known_yet_says_nothing) {
  EXPECT_TRUE(ask(kClusterType, {}));
  EXPECT_FALSE(next());
  publish();
  EXPECT_TRUE(next());
}

TEST_F(Sotw, a_stream_of_one_type_takes_no_other) {
  put(kSecretType, "s", "1");
  publish();
  reconnect(std::string(kSecretType));
  EXPECT_TRUE(ask("", {"s"}));
  EXPECT_EQ(*next(), Names{"s"});
  EXPECT_FALSE(ask(kClusterType, {}));
}

TEST_F(Sotw, requests_that_break_the_protocol_end_the_stream) {
  EXPECT_FALSE(session->receive("\xff\xff", now, WallTime()));
  dv3::DiscoveryRequest request;
  request.set_type_url(std::string(kClusterType));
  EXPECT_FALSE(session->receive(request.SerializeAsString(), now, WallTime())) << "no node";
  EXPECT_FALSE(ask("", {})) << "no type";
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(ask("type/" + std::to_string(i), {}));
  EXPECT_FALSE(ask("type/64", {})) << "too many";
}

TEST_F(Sotw, other_types_are_carried_too) {
  const std::string names = "type.googleapis.com/istio.networking.nds.v1.NameTable";
  put(names, "table", "1");
  put(kExtensionType, "filter", "1");
  publish();
  EXPECT_TRUE(ask(names, {}));
  EXPECT_TRUE(ask(kExtensionType, {"filter"}));
  EXPECT_EQ(*next(), Names{"table"});
  EXPECT_EQ(*next(), Names{"filter"});
}

}  // namespace
}  // namespace proa::mesh
