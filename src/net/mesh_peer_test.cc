#include "net/mesh_peer.h"

#include <gtest/gtest.h>

namespace proa::net {
namespace {

std::string field(char number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
}
std::string entry(const std::string& name, const std::string& value) {
  return field(1, field(1, name) + field(2, value));
}
std::string text(const std::string& name, const std::string& value) { return entry(name, field(3, value)); }

TEST(MeshPeer, is_read_from_a_struct) {
  const std::string labels = text("app", "shop") + text("version", "v1") + text("role", "front") + text("x", "y") +
                             text("service.istio.io/canonical-name", "shop");
  auto peer = read_mesh_peer(text("NAMESPACE", "ns") + text("WORKLOAD_NAME", "shop-v1") + text("CLUSTER_ID", "c") +
                                 text("NAME", "shop-v1-abc") + text("OTHER", "") + entry("LABELS", field(5, labels)),
                             {"role"});
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->namespace_name, "ns");
  EXPECT_EQ(peer->workload, "shop-v1");
  EXPECT_EQ(peer->cluster, "c");
  EXPECT_EQ(peer->instance, "shop-v1-abc");
  EXPECT_EQ(peer->app, "shop");
  EXPECT_EQ(peer->version, "v1");
  EXPECT_EQ(peer->canonical_name, "shop");
  EXPECT_EQ(peer->canonical_revision, "");
  EXPECT_EQ(peer->labels, (std::vector<std::pair<std::string, std::string>>{{"role", "front"}}));
  EXPECT_TRUE(read_mesh_peer("", {}));
}

TEST(MeshPeer, bytes_that_are_no_struct_are_nothing) {
  EXPECT_FALSE(read_mesh_peer("{\"NAMESPACE\": 1}", {}));
  EXPECT_FALSE(read_mesh_peer(field(1, "\x0a\x05x"), {}));
  EXPECT_FALSE(read_mesh_peer(entry("LABELS", field(5, "\x0a\x7f")), {}));
}

TEST(MeshPeer, the_owner_tells_what_it_is) {
  MeshPeer peer;
  peer.workload = "shop";
  peer.owner = "kubernetes://apis/apps/v1/namespaces/ns/deployments/shop";
  EXPECT_EQ(peer.workload_type(), "deployment");
  peer.owner = "kubernetes://apis/batch/v1/namespaces/ns/cronjobs/shop";
  EXPECT_EQ(peer.workload_type(), "cronjob");
  for (const char* none : {"", "shop", "s/shop", "/robots/shop"}) {
    peer.owner = none;
    EXPECT_EQ(peer.workload_type(), "") << none;
  }
}

TEST(MeshPeer, an_endpoint_tells_a_part) {
  auto peer = mesh_peer_of_endpoint("reviews-1;shop;reviews;v1;bare");
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->workload, "reviews-1");
  EXPECT_EQ(peer->namespace_name, "shop");
  EXPECT_EQ(peer->canonical_name, "reviews");
  EXPECT_EQ(peer->canonical_revision, "v1");
  EXPECT_EQ(peer->cluster, "bare");
  EXPECT_TRUE(mesh_peer_of_endpoint(";;;;"));
  EXPECT_EQ(mesh_peer_of_endpoint("a;b;c;d;e;f")->cluster, "e");
  EXPECT_FALSE(mesh_peer_of_endpoint("a;b;c;d"));
  EXPECT_FALSE(mesh_peer_of_endpoint(""));
}

}  // namespace
}  // namespace proa::net
