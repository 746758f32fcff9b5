#include "filters/peer_metadata.h"

#include <gtest/gtest.h>

#include "filters/test_clusters.h"
#include "net/mesh_peer.h"
#include "observe/metadata.h"

namespace proa::filters {
namespace {

// Struct { "WORKLOAD_NAME": "shop" }
constexpr std::string_view kShop = "ChcKDVdPUktMT0FEX05BTUUSBhoEc2hvcA==";

struct PeerMetadataTest : testing::Test {
  static PeerMetadataConfig inbound() {
    return {.learn_downstream = true, .tell_downstream = PeerMetadataConfig::Tell{}, .id = "sidecar~us", .value = "us"};
  }
  static PeerMetadataConfig outbound(bool skip_external = false) {
    return {.learn_upstream = true,
            .tell_upstream = PeerMetadataConfig::Tell{skip_external},
            .id = "sidecar~us",
            .value = "us"};
  }
  static std::string value(const http::HeaderList& headers, std::string_view name) {
    const http::Header* found = headers.find(name);
    return found ? std::string(found->value) : "(none)";
  }
};

TEST_F(PeerMetadataTest, a_server_learns_of_its_client_and_answers_in_kind) {
  FakeExchange x(make_peer_metadata(inbound()));
  x.head.headers.add("x-envoy-peer-metadata", kShop);
  x.head.headers.add("x-envoy-peer-metadata-id", "sidecar~them");
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  ASSERT_TRUE(x.stream_info.downstream_peer);
  EXPECT_EQ(x.stream_info.downstream_peer->workload, "shop");
  EXPECT_TRUE(x.head.headers.empty()) << "the application is not bothered with it";
  EXPECT_EQ(x.response_header("x-envoy-peer-metadata-id"), "sidecar~us");
  EXPECT_EQ(x.response_header("x-envoy-peer-metadata"), "us");
}

TEST_F(PeerMetadataTest, a_client_that_tells_nothing_is_told_nothing) {
  FakeExchange x(make_peer_metadata(inbound()));
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_FALSE(x.stream_info.downstream_peer);
  EXPECT_EQ(x.response_header("x-envoy-peer-metadata-id"), "(none)");
}

TEST_F(PeerMetadataTest, words_that_mean_nothing_are_taken_away_too) {
  FakeExchange x(make_peer_metadata(inbound()));
  x.head.headers.add("x-envoy-peer-metadata", "not base64!");
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_FALSE(x.stream_info.downstream_peer);
  EXPECT_TRUE(x.head.headers.empty());
}

TEST_F(PeerMetadataTest, a_client_tells_and_learns_of_its_server) {
  FakeExchange x(make_peer_metadata(outbound()));
  TestClusters clusters(x.test_loop);
  clusters.add("shop");
  clusters.serve(x, "shop");
  x.head.headers.add("x-envoy-peer-metadata", "of the application");
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(value(x.head.headers, "x-envoy-peer-metadata"), "us");
  EXPECT_EQ(value(x.head.headers, "x-envoy-peer-metadata-id"), "sidecar~us");
  http::ResponseHead head(x.memory);
  head.headers.add("x-envoy-peer-metadata", kShop);
  head.headers.add("x-envoy-peer-metadata-id", "sidecar~them");
  x.response_head(head);
  ASSERT_TRUE(x.stream_info.upstream_peer);
  EXPECT_EQ(x.stream_info.upstream_peer->workload, "shop");
  EXPECT_TRUE(head.headers.empty());
}

TEST_F(PeerMetadataTest, strangers_are_told_nothing_where_it_is_so_configured) {
  FakeExchange x(make_peer_metadata(outbound(true)));
  TestClusters clusters(x.test_loop);
  clusters.serve(x, "PassthroughCluster");
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_TRUE(x.head.headers.empty());
  auto spec = upstream::static_cluster("away", {upstream::endpoint("10.0.0.1:80")});
  auto metadata = std::make_shared<observe::Metadata>();
  metadata->root["istio"]["external"] = true;
  spec.metadata = metadata;
  clusters.add(std::move(spec));
  clusters.serve(x, "away");
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_TRUE(x.head.headers.empty());
}

TEST_F(PeerMetadataTest, a_cluster_may_want_no_exchange_at_all) {
  FakeExchange x(make_peer_metadata(outbound()));
  TestClusters clusters(x.test_loop);
  auto spec = upstream::static_cluster("quiet", {upstream::endpoint("10.0.0.1:80")});
  auto metadata = std::make_shared<observe::Metadata>();
  metadata->root["istio"]["disable_mx"] = true;
  spec.metadata = metadata;
  clusters.add(std::move(spec));
  clusters.serve(x, "quiet");
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_TRUE(x.head.headers.empty());
}

}  // namespace
}  // namespace proa::filters
