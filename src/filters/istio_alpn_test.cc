#include "filters/istio_alpn.h"

#include <gtest/gtest.h>

#include "filters/test_clusters.h"
#include "observe/metadata.h"

namespace proa::filters {
namespace {

struct IstioAlpnTest : testing::Test {
  FakeExchange x{make_istio_alpn({.http10 = {"istio-http/1.0"}, .http11 = {"istio-http/1.1"}, .http2 = {"istio-h2"}})};
  TestClusters clusters{x.test_loop};

  void serve(upstream::UpstreamProtocol protocol, const char* override_word = nullptr) {
    auto spec = upstream::static_cluster("shop", {upstream::endpoint("10.0.0.1:80")});
    auto http = std::make_shared<upstream::HttpSpec>();
    http->protocol = protocol;
    spec.http = http;
    if (override_word) {
      auto metadata = std::make_shared<observe::Metadata>();
      metadata->root["istio"]["alpn_override"] = override_word;
      spec.metadata = metadata;
    }
    clusters.add(std::move(spec));
    clusters.serve(x, "shop");
  }
  /// The first protocol that is offered; "(cluster's)" for those of the cluster.
  std::string offered(http::Version version = http::Version::kHttp11) {
    x.stream_info.upstream_alpn = nullptr;
    x.head.version = version;
    EXPECT_EQ(x.request_head(), Verdict::kContinue);
    return x.stream_info.upstream_alpn ? x.stream_info.upstream_alpn->front() : "(cluster's)";
  }
};

TEST_F(IstioAlpnTest, goes_by_the_protocol_upstream) {
  serve(upstream::UpstreamProtocol::kHttp2);
  EXPECT_EQ(offered(), "istio-h2");
}

TEST_F(IstioAlpnTest, goes_by_the_clients_where_the_cluster_does) {
  serve(upstream::UpstreamProtocol::kUseDownstream);
  EXPECT_EQ(offered(http::Version::kHttp10), "istio-http/1.0");
  EXPECT_EQ(offered(http::Version::kHttp11), "istio-http/1.1");
  EXPECT_EQ(offered(http::Version::kHttp2), "istio-h2");
}

TEST_F(IstioAlpnTest, a_client_of_http_1_0_is_forwarded_as_1_1) {
  serve(upstream::UpstreamProtocol::kHttp1);
  EXPECT_EQ(offered(http::Version::kHttp10), "istio-http/1.1");
}

TEST_F(IstioAlpnTest, a_cluster_may_forbid_it) {
  serve(upstream::UpstreamProtocol::kHttp1, "false");
  EXPECT_EQ(offered(), "(cluster's)");
}

TEST_F(IstioAlpnTest, without_a_cluster_there_is_nothing_to_offer) {
  clusters.serve(x, "missing");
  EXPECT_EQ(offered(), "(cluster's)");
  x.matched = nullptr;
  EXPECT_EQ(offered(), "(cluster's)");
}

}  // namespace
}  // namespace proa::filters
