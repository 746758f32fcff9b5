#include "config/network_filter_compile.h"

#include <gtest/gtest.h>

#include "config/test_compile.h"
#include "envoy/extensions/filters/network/connection_limit/v3/connection_limit.pb.h"
#include "envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit.pb.h"
#include "envoy/extensions/filters/network/rbac/v3/rbac.pb.h"
#include "filters/all.h"
#include "net/transport.h"

namespace proa::config {
namespace {

namespace network = envoy::extensions::filters::network;

struct NetworkFilterCompile : CompileTest {
  NetworkFilterCompile() {
    connection.remote = *net::Address::parse("10.0.0.1:1000");
    info.downstream = &connection;
    info.remote_address = &connection.remote;
  }
  template <class Message>
  std::shared_ptr<const filters::NetworkFilter> compile(std::string_view yaml) {
    return compile_network_filter(read<Message>(yaml), at, compiler);
  }
  Arena arena;
  net::ConnectionInfo connection;
  observe::StreamInfo info;
};

TEST_F(NetworkFilterCompile, rbac_denies_and_counts_under_its_prefixes) {
  auto filter = compile<network::rbac::v3::RBAC>(
      "{stat_prefix: 'edge.', shadow_rules_stat_prefix: 'next.', "
      "rules: {action: DENY, policies: {p: {permissions: [{any: true}], principals: [{direct_remote_ip: "
      "{address_prefix: 10.0.0.0, prefix_len: 8}}, {remote_ip: {address_prefix: 10.0.0.0, prefix_len: 8}}]}}}}");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_TRUE(filter);
  EXPECT_FALSE(filter->admit(info, arena));
  const auto stats = shared.stats(filters::kNetworkRbacSchema, {"edge", {}});
  EXPECT_EQ(stats.use_count(), 2) << "the filter's own group: a dot at the end is habit";
  EXPECT_EQ(shared.stats(filters::kNetworkRbacShadowSchema, {"edge.rbac.next", {}}).use_count(), 2);
}

TEST_F(NetworkFilterCompile, a_limit_of_connections) {
  auto filter = compile<network::connection_limit::v3::ConnectionLimit>("{stat_prefix: c, max_connections: 1}");
  ASSERT_TRUE(filter);
  EXPECT_TRUE(filter->admit(info, arena));
  EXPECT_FALSE(filter->admit(info, arena));
  filter->on_close();
  EXPECT_TRUE(filter->admit(info, arena));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(NetworkFilterCompile, a_rate_of_connections) {
  auto filter = compile<network::local_ratelimit::v3::LocalRateLimit>(
      "{stat_prefix: r, token_bucket: {max_tokens: 2, fill_interval: 3600s}}");
  ASSERT_TRUE(filter);
  EXPECT_TRUE(filter->admit(info, arena));
  EXPECT_TRUE(filter->admit(info, arena));
  EXPECT_FALSE(filter->admit(info, arena));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(NetworkFilterCompile, another_type_is_none) { EXPECT_FALSE(compile_network_filter(bootstrap, at, compiler)); }

}  // namespace
}  // namespace proa::config
