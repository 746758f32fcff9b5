#include "mesh/explain/held_config.h"

#include <gtest/gtest.h>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "mesh/push/resource_type.h"

namespace proa::mesh {
namespace {

constexpr std::string_view kDump = R"({"configs": [
  {"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": {"node": {"id": "n", "newer": 1}}},
  {"dynamic_active_clusters": [
    {"version_info": "7", "cluster": {"@type": "x", "name": "a", "connect_timeout": "1s"}},
    {"version_info": "7", "cluster": {"@type": "x", "name": "b", "connect_timeout": "1s"}},
    {"version_info": "7", "cluster": {"@type": "x", "name": "extra"}},
    {"version_info": "7", "cluster": {"@type": "x", "name": "new", "field_of_tomorrow": 1}}]},
  {"dynamic_listeners": [
    {"name": "l", "error_state": {"details": "no filter chains specified"}}]}]})";

ResourceSet wanted() {
  ResourceSet out;
  for (const auto& [name, seconds] : {std::pair{"a", 1}, {"b", 2}, {"c", 1}, {"new", 1}}) {
    envoy::config::cluster::v3::Cluster cluster;
    cluster.set_name(name);
    cluster.mutable_connect_timeout()->set_seconds(seconds);
    out.types[std::string(kClusterType)][name] =
        make_resource(name, cluster.SerializeAsString(), {.object = "DestinationRule a/" + std::string(name)});
  }
  return out;
}

TEST(HeldConfigTest, reads_what_a_proxy_shows) {
  const auto held = read_config_dump(kDump);
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_EQ(held->node.id(), "n");
  ASSERT_EQ(held->resources.size(), 5U);
  EXPECT_EQ(held->resources[0].name, "a");
  EXPECT_EQ(held->resources[0].version, "7");
  EXPECT_EQ(held->resources[4].name, "l");
  EXPECT_EQ(held->resources[4].error, "no filter chains specified");
}

TEST(HeldConfigTest, compares_with_what_it_should_have) {
  const auto held = read_config_dump(kDump);
  ASSERT_TRUE(held);
  std::vector<std::string> told;
  for (const ComparedResource& each : compare(*held, wanted())) {
    told.push_back(each.held.name + " " + std::string(name_of(each.state)));
  }
  EXPECT_EQ(told, (std::vector<std::string>{"a same", "b differs", "c missing", "extra unexpected", "new unreadable",
                                            "l unexpected"}));
  const auto differing = compare(*held, wanted())[1];
  EXPECT_EQ(differing.origin.object, "DestinationRule a/b");
  EXPECT_NE(differing.has.find("\"1s\""), std::string::npos);
  EXPECT_NE(differing.wants.find("\"2s\""), std::string::npos);
}

TEST(HeldConfigTest, refuses_what_is_no_dump) {
  for (const char* text : {"", "[]", "{}", R"({"configs": {}})", R"({"configs": [1]})"}) {
    EXPECT_FALSE(read_config_dump(text)) << text;
  }
}

}  // namespace
}  // namespace proa::mesh
