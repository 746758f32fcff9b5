#include "config/istio_compile.h"

#include "base/base64.h"
#include "config/mesh_identity.h"
#include "config/test_compile.h"

namespace proa::config {
namespace {

struct IstioCompile : CompileTest {
  IstioCompile() {
    bootstrap.MergeFrom(read<envoy::config::bootstrap::v3::Bootstrap>(
        "{node: {id: sidecar~1, metadata: {NAMESPACE: shop, WORKLOAD_NAME: front-v1, CLUSTER_ID: c, SECRET: s, LABELS: "
        "{app: front, version: v1, role: edge, hidden: x}}}}"));
    compiler.service_node.clear();
  }
};

TEST_F(IstioCompile, a_proxy_tells_no_more_of_its_node_than_it_should) {
  const MeshIdentity identity = mesh_identity(compiler, {"role"});
  EXPECT_EQ(identity.id, "sidecar~1");
  EXPECT_EQ(identity.peer.workload, "front-v1");
  EXPECT_EQ(identity.peer.namespace_name, "shop");
  EXPECT_EQ(identity.peer.app, "front");
  EXPECT_EQ(identity.peer.labels, (std::vector<std::pair<std::string, std::string>>{{"role", "edge"}}));
  EXPECT_EQ(identity.structure.find("SECRET"), std::string::npos);
  EXPECT_EQ(identity.structure.find("hidden"), std::string::npos);
}

TEST_F(IstioCompile, the_exchange_on_tcp) {
  const auto to = compile_metadata_exchange(
      read<envoy::tcp::metadataexchange::config::MetadataExchange>("{protocol: istio-peer-exchange}"), compiler);
  EXPECT_EQ(to->protocol, "istio-peer-exchange");
  EXPECT_TRUE(to->message.starts_with("\x3d\x23\x04\x67"));
  EXPECT_NE(to->message.find("front-v1"), std::string::npos);
  EXPECT_NE(to->message.find("sidecar~1"), std::string::npos);
}

TEST_F(IstioCompile, alpn_by_protocol) {
  const auto to = compile_istio_alpn(read<istio::envoy::config::filter::http::alpn::v2alpha1::FilterConfig>(
      "{alpn_override: [{alpn_override: [a]}, {upstream_protocol: HTTP11, alpn_override: [b, c]}, {upstream_protocol: "
      "HTTP2, alpn_override: [d]}]}"));
  EXPECT_EQ(to.http10, std::vector<std::string>{"a"});
  EXPECT_EQ(to.http11, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(to.http2, std::vector<std::string>{"d"});
}

TEST_F(IstioCompile, the_exchange_by_headers) {
  const auto to = compile_peer_metadata(read<io::istio::http::peer_metadata::Config>(
                                            "{upstream_discovery: [{istio_headers: {}}, {workload_discovery: {}}], "
                                            "upstream_propagation: [{istio_headers: {skip_external_clusters: true}}]}"),
                                        compiler);
  EXPECT_TRUE(to.learn_upstream && !to.learn_downstream && !to.tell_downstream);
  EXPECT_TRUE(to.tell_upstream && to.tell_upstream->skip_external);
  EXPECT_TRUE(base64_decode(to.value));
  EXPECT_EQ(to.id, "sidecar~1");
}

TEST_F(IstioCompile, metrics_and_their_overrides) {
  using filters::IstioLabel;
  using filters::IstioMetric;
  compiler.inbound = true;
  const auto to = compile_istio_metrics(
      read<stats::PluginConfig>("{disable_host_header_fallback: true, tcp_reporting_duration: 2s, metrics: [{name: "
                                "requests_total, dimensions: {x_extra: request.host, response_code: '\"x\"'}}, "
                                "{tags_to_remove: [source_app]}, {name: request_bytes, drop: true}]}"),
      at, compiler);
  EXPECT_EQ(problem_lines(), "");
  const auto& config = to->config();
  EXPECT_EQ(config.reporter, filters::IstioMetricsConfig::Reporter::kDestination);
  EXPECT_FALSE(config.host_header_fallback);
  EXPECT_EQ(config.tcp_interval, Milliseconds(2000));
  EXPECT_EQ(config.self.workload, "front-v1");
  const auto& requests = config.metrics[static_cast<size_t>(IstioMetric::kRequests)];
  ASSERT_EQ(requests.more.size(), 1U);
  EXPECT_EQ(requests.more[0].first, "x_extra");
  EXPECT_TRUE(requests.instead[static_cast<size_t>(IstioLabel::kResponseCode)]);
  EXPECT_TRUE(requests.without[static_cast<size_t>(IstioLabel::kSourceApp)]) << "it is of all metrics";
  EXPECT_TRUE(config.metrics[static_cast<size_t>(IstioMetric::kRequestBytes)].dropped);
}

TEST_F(IstioCompile, an_expression_that_is_not_known_is_a_warning) {
  compile_istio_metrics(
      read<stats::PluginConfig>("{metrics: [{name: requests_total, dimensions: {a: node.id}}, {name: no}]}"), at,
      compiler);
  EXPECT_TRUE(problems.ok());
  EXPECT_EQ(problem_lines(),
            "metrics[0].dimensions.a: the attribute node.id is not known\n"
            "metrics[1].name: there is no metric \"no\"\n");
}

}  // namespace
}  // namespace proa::config
