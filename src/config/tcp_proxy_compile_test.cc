#include "config/tcp_proxy_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

using testing::HasSubstr;

struct TcpProxyCompile : CompileTest {
  std::shared_ptr<const proxy::TcpProxy> compile(const std::string& fields) {
    const auto from = read<envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy>(
        "{stat_prefix: t" + (fields.empty() ? "" : ", " + fields) + "}");
    return compile_tcp_proxy(from, /*sni_cluster=*/false, /*buffer_limit=*/1000, at, compiler);
  }
};

TEST_F(TcpProxyCompile, defaults) {
  const auto to = compile("cluster: backend");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to->targets.size(), 1U);
  EXPECT_EQ(to->targets[0].cluster, "backend");
  EXPECT_EQ(to->idle_timeout, Milliseconds(3'600'000));
  EXPECT_EQ(to->max_connection_duration, kNever);
  EXPECT_EQ(to->max_connect_attempts, 1U);
  EXPECT_EQ(to->buffer_limit, 1000U);
  EXPECT_EQ(to->tunneling, nullptr);
}

TEST_F(TcpProxyCompile, weights_add_up) {
  const auto to = compile("weighted_clusters: {clusters: [{name: backend, weight: 1}, {name: other, weight: 3}]}");
  EXPECT_EQ(to->total_weight, 4U);
  EXPECT_EQ(to->targets.at(1).weight, 3U);
  compile("weighted_clusters: {clusters: [{name: backend, weight: 0}]}");
  EXPECT_THAT(problem_lines(), HasSubstr("weighted_clusters: "));
}

TEST_F(TcpProxyCompile, a_tunnel_is_connect_unless_post_is_asked_for) {
  auto tunnel = compile("cluster: backend, tunneling_config: {hostname: 'a:443'}")->tunneling;
  ASSERT_NE(tunnel, nullptr);
  EXPECT_FALSE(tunnel->post || tunnel->keep_response_headers || tunnel->keep_response_trailers);
  EXPECT_EQ(*tunnel->hostname.constant(), "a:443");
  EXPECT_TRUE(tunnel->headers.empty());
  tunnel = compile(
               "cluster: backend, tunneling_config: {hostname: '%REQUESTED_SERVER_NAME%:1', use_post: true, post_path: "
               "/t, headers_to_add: [{header: {key: x, value: y}}], propagate_response_headers: true, "
               "propagate_response_trailers: true}")
               ->tunneling;
  EXPECT_EQ(problem_lines(), "");
  EXPECT_TRUE(tunnel->post && tunnel->keep_response_headers && tunnel->keep_response_trailers);
  EXPECT_EQ(tunnel->post_path, "/t");
  EXPECT_EQ(tunnel->headers.steps().size(), 1U);
}

TEST_F(TcpProxyCompile, what_a_tunnel_cannot_be) {
  compile("cluster: backend, tunneling_config: {hostname: '%NO_SUCH_OPERATOR%'}");
  EXPECT_THAT(problem_lines(), HasSubstr("tunneling_config.hostname: "));
  problems = {};
  compile("cluster: backend, tunneling_config: {hostname: h, post_path: /t}");
  EXPECT_THAT(problem_lines(), HasSubstr("tunneling_config.post_path: "));
  problems = {};
  compile("cluster: backend, tunneling_config: {hostname: h, use_post: true, post_path: t}");
  EXPECT_THAT(problem_lines(), HasSubstr("tunneling_config.post_path: "));
}

}  // namespace
}  // namespace proa::config
