// What an earlier run saved, in both kinds of stream.
#include <gtest/gtest.h>

#include "xds/test_protocol.h"

namespace proa::xds {
namespace {

struct SavedState : testing::TestWithParam<bool> {
  SavedState() : client(GetParam()) {
    SavedResources saved;
    auto add = [&](std::string_view type, const char* name) {
      auto& one = *saved.add_resources();
      one.set_name(name);
      one.set_version("s");
      *one.mutable_resource() = resource(type, name);
    };
    add(kCluster, "a");
    add(kCluster, "b");
    add(kEndpoints, "a");
    add(kEndpoints, "unwanted");
    client.protocol->offer_saved(saved);
    client.subscribe(kCluster, kWildcard);
  }
  bool bring() { return client.protocol->bring_saved(client.now, WallTime{}); }
  void respond(const char* name) {
    if (GetParam()) {
      dv3::DeltaDiscoveryResponse response;
      response.set_type_url(std::string(kCluster));
      response.add_resources()->set_name(name);
      response.mutable_resources(0)->set_version("1");
      *response.mutable_resources(0)->mutable_resource() = resource(kCluster, name);
      response.set_nonce("n");
      client.receive(response);
    } else {
      dv3::DiscoveryResponse response;
      response.set_type_url(std::string(kCluster));
      response.set_version_info("1");
      *response.add_resources() = resource(kCluster, name);
      response.set_nonce("n");
      client.receive(response);
    }
  }
  TestClient client;
};

TEST_P(SavedState, is_brought_where_it_is_wanted) {
  client.observer.during_update = [&](const Update& update) {
    if (update.type_url == kCluster) client.subscribe(kEndpoints, "a");
  };
  EXPECT_TRUE(bring());
  EXPECT_FALSE(bring());
  EXPECT_EQ(client.observer.take(), (Lines{"Cluster : b@s a@s", "ClusterLoadAssignment : a@s"}));
  EXPECT_TRUE(client.protocol->held(kEndpoints, "a"));
  client.pass(std::chrono::seconds(60));
  EXPECT_EQ(client.observer.take(), Lines{}) << "nothing of it is waited for any more";
}

TEST_P(SavedState, is_told_to_the_server_only_as_held_versions) {
  bring();
  client.protocol->stream_opened();
  EXPECT_EQ(client.requests(), GetParam() ? Lines{"node Cluster - have[a=s,b=s]"} : Lines{"node Cluster - - []"});
}

TEST_P(SavedState, gives_way_to_what_the_server_says) {
  bring();
  client.observer.take();
  client.protocol->stream_opened();
  client.requests();
  respond("a");
  EXPECT_EQ(client.observer.take(), Lines{GetParam() ? "Cluster : a@1=" : "Cluster 1: a@1= -b"});
}

TEST_P(SavedState, is_not_brought_when_the_server_has_answered_for_the_type) {
  client.protocol->stream_opened();
  client.requests();
  respond("c");
  client.observer.take();
  EXPECT_FALSE(bring());
}

TEST_P(SavedState, is_brought_once_also_where_it_is_refused) {
  client.observer.bad["a"] = "no";
  EXPECT_TRUE(bring());
  EXPECT_FALSE(bring());
  EXPECT_FALSE(client.protocol->held(kCluster, "a"));
  EXPECT_TRUE(client.protocol->held(kCluster, "b"));
}

TEST_P(SavedState, is_what_is_held_without_a_time_to_live) {
  bring();
  const SavedResources saved = client.protocol->save();
  ASSERT_EQ(saved.resources_size(), 2);
  EXPECT_EQ(saved.resources(0).name(), "a");
  EXPECT_EQ(saved.resources(0).version(), "s");
  EXPECT_EQ(saved.resources(0).resource().type_url(), kCluster);
  if (!GetParam()) return;
  dv3::DeltaDiscoveryResponse response;
  response.set_type_url(std::string(kCluster));
  response.add_resources()->set_name("a");
  response.mutable_resources(0)->mutable_ttl()->set_seconds(9);
  *response.mutable_resources(0)->mutable_resource() = resource(kCluster, "a");
  client.receive(response);
  EXPECT_EQ(client.protocol->save().resources_size(), 1);
}

INSTANTIATE_TEST_SUITE_P(Kinds, SavedState, testing::Bool(),
                         [](const auto& info) { return std::string(info.param ? "delta" : "sotw"); });

}  // namespace
}  // namespace proa::xds
