#include "xds/type_url.h"

#include <gtest/gtest.h>

#include "config/typed_payload.h"
#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "google/protobuf/any.pb.h"

namespace proa::xds {
namespace {

TEST(TypeUrl, every_type_is_linked_and_has_its_name_in_field_1) {
  for (std::string_view url : {kCluster, kEndpoints, kListener, kRoutes, kSecret, kExtension, kRuntime, kEnvelope}) {
    const auto* type = config::linked_type(config::type_name(url));
    ASSERT_TRUE(type) << url;
    if (url == kEnvelope) continue;
    const auto* name = type->FindFieldByNumber(1);
    ASSERT_TRUE(name) << url;
    EXPECT_EQ(name->name(), url == kEndpoints ? "cluster_name" : "name");
  }
}

TEST(ResourceName, is_read_past_other_fields) {
  envoy::config::cluster::v3::Cluster cluster;
  cluster.mutable_connect_timeout()->set_seconds(1);
  cluster.set_alt_stat_name("alt");
  cluster.set_name("outbound|80||a.com");
  google::protobuf::Any any;
  any.PackFrom(cluster);
  EXPECT_EQ(resource_name(any), "outbound|80||a.com");
  envoy::config::endpoint::v3::ClusterLoadAssignment endpoints;
  endpoints.set_cluster_name("b");
  any.PackFrom(endpoints);
  EXPECT_EQ(resource_name(any), "b");
}

TEST(ResourceName, fails_for_what_is_no_message_or_has_none) {
  google::protobuf::Any any;
  EXPECT_EQ(resource_name(any).error().message, "has no name");
  any.set_value(
      std::string("\x0a\x01"
                  "a\x12\x7f",
                  5));
  EXPECT_EQ(resource_name(any).error().message, "is no readable message");
  any.set_value(
      std::string("\x0a\x01"
                  "a\x0c",
                  4));  // an end of a group that never began
  EXPECT_EQ(resource_name(any).error().message, "is no readable message");
  any.set_value(
      std::string("\x0a\x01"
                  "a\0",
                  4));
  EXPECT_EQ(resource_name(any).error().message, "is no readable message");
  any.set_value("\x0a\x01\xff");
  EXPECT_EQ(resource_name(any).error().message, "has a name that is not UTF-8");
}

}  // namespace
}  // namespace proa::xds
