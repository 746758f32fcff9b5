#include "config/ext_authz_compile.h"

#include "config/test_compile.h"

namespace proa::config {
namespace {

struct ExtAuthzCompile : CompileTest {
  std::shared_ptr<const filters::ExtAuthzConfig> compile(const std::string& yaml) {
    return compile_ext_authz(read<envoy::extensions::filters::http::ext_authz::v3::ExtAuthz>(yaml), at);
  }
};

TEST_F(ExtAuthzCompile, a_service_over_http) {
  auto to = compile(
      "{http_service: {server_uri: {uri: http://authz, cluster: backend, timeout: 1s}, path_prefix: /check, "
      "authorization_request: {headers_to_add: [{key: X-Key, value: k}]}, authorization_response: "
      "{allowed_upstream_headers: {patterns: [{exact: x-user}]}}}, allowed_headers: {patterns: [{prefix: x-}]}, "
      "status_on_error: {code: ServiceUnavailable}, filter_enabled_metadata: {filter: f, path: [{key: k}], value: "
      "{string_match: {prefix: p}}}}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_FALSE(to->service.grpc);
  EXPECT_EQ(to->service.cluster, "backend");
  EXPECT_EQ(to->service.timeout, Milliseconds(1000));
  EXPECT_EQ(to->service.path_prefix, "/check");
  EXPECT_EQ(to->service.more_headers, (filters::HeaderPairs{{"x-key", "k"}}));
  EXPECT_EQ(to->service.upstream_headers.size(), 1U);
  EXPECT_EQ(to->service.allowed.size(), 1U);
  EXPECT_EQ(to->status_on_error, 503);
  EXPECT_TRUE(to->enabled_by_metadata);
}

TEST_F(ExtAuthzCompile, a_service_over_grpc) {
  auto to = compile(
      "{grpc_service: {envoy_grpc: {cluster_name: backend, authority: a}, timeout: 2s}, failure_mode_allow: true}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_TRUE(to->service.grpc && to->failure_allows);
  EXPECT_EQ(to->service.authority, "a");
  EXPECT_EQ(to->service.timeout, Milliseconds(2000));
}

TEST_F(ExtAuthzCompile, a_service_is_needed) {
  compile("{}");
  EXPECT_EQ(problem_lines(), ": names no service\n");
}

}  // namespace
}  // namespace proa::config
