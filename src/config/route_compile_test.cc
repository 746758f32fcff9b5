#include "config/route_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct RouteCompile : CompileTest {
  std::shared_ptr<const route::RouteTable> table(const std::string& yaml) {
    return compile_routes(read<envoy::config::route::v3::RouteConfiguration>(yaml), at, compiler);
  }
  /// The only route of a table, which goes on living with the test.
  const route::Route& route(const std::string& fields) {
    last_ = table("{virtual_hosts: [{name: v, domains: ['*'], routes: [{" + fields + "}]}]}");
    return *last_->virtual_hosts().at(0)->routes.at(0);
  }
  static std::string forward(const std::string& fields = "") {
    return "match: {prefix: /}, route: {cluster: backend" + (fields.empty() ? "" : ", " + fields) + "}";
  }
  std::shared_ptr<const route::RouteTable> last_;
};

TEST_F(RouteCompile, forwarding_defaults) {
  const route::Route& to = route(forward());
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to.cluster, "backend");
  ASSERT_TRUE(to.forward());
  EXPECT_EQ(to.forward()->timeout, Milliseconds(15'000));
  EXPECT_FALSE(to.forward()->idle_timeout || to.forward()->retry || to.forward()->hedge);
  EXPECT_EQ(to.forward()->cluster_not_found_code, 503);
}

TEST_F(RouteCompile, timeouts_of_zero_are_off) {
  const route::Route& to = route(forward("timeout: 0s, idle_timeout: 0s"));
  EXPECT_EQ(to.forward()->timeout, kNever);
  EXPECT_EQ(to.forward()->idle_timeout, kNever);
}

TEST_F(RouteCompile, a_cluster_that_is_not_there) {
  route("match: {prefix: /}, route: {cluster: nowhere}");
  EXPECT_THAT(problem_lines(), HasSubstr("virtual_hosts[0].routes[0].route.cluster: "));
  problems = {};
  table(
      "{validate_clusters: false, virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: "
      "{cluster: nowhere}}]}]}");
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(RouteCompile, weighted_clusters) {
  compiler.clusters.insert("other");
  const route::Route& to = route(
      "match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: backend, weight: 1}, {name: other, weight: "
      "3}]}}");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to.choices.size(), 2U);
  EXPECT_EQ(to.choices[0].first, 1U);
  EXPECT_EQ(to.choices[1].first, 4U);
  EXPECT_EQ(to.choices[1].second->cluster, "other");
}

TEST_F(RouteCompile, retries) {
  const auto& retry = route(forward("retry_policy: {retry_on: '5xx,reset', num_retries: 4, per_try_timeout: 0.25s, "
                                    "retry_back_off: {base_interval: 0.1s}}"))
                          .forward()
                          ->retry;
  EXPECT_EQ(problem_lines(), "");
  ASSERT_TRUE(retry.has_value());
  EXPECT_EQ(retry->num_retries, 4U);
  EXPECT_EQ(retry->per_try_timeout, Milliseconds(250));
  EXPECT_EQ(retry->base_interval, Milliseconds(100));
  EXPECT_EQ(retry->max_interval, Milliseconds(1000)) << "ten times the base";
}

TEST_F(RouteCompile, the_virtual_hosts_retries_are_for_routes_without_any) {
  auto made =
      table("{virtual_hosts: [{name: v, domains: ['*'], retry_policy: {retry_on: 5xx, num_retries: 9}, routes: [{" +
            forward() + "}, {" + forward("retry_policy: {retry_on: 5xx}") + "}]}]}");
  const auto& routes = made->virtual_hosts().at(0)->routes;
  EXPECT_EQ(routes.at(0)->forward()->retry->num_retries, 9U);
  EXPECT_EQ(routes.at(1)->forward()->retry->num_retries, 1U);
}

TEST_F(RouteCompile, the_virtual_hosts_hedging_is_for_routes_without_any) {
  auto made = table(
      "{virtual_hosts: [{name: v, domains: ['*'], hedge_policy: {hedge_on_per_try_timeout: true}, "
      "routes: [{" +
      forward() + "}, {" + forward("hedge_policy: {}") + "}]}]}");
  EXPECT_EQ(problem_lines(), "");
  const auto& routes = made->virtual_hosts().at(0)->routes;
  EXPECT_TRUE(routes.at(0)->forward()->hedge->on_per_try_timeout);
  EXPECT_FALSE(routes.at(1)->forward()->hedge->on_per_try_timeout);
}

TEST_F(RouteCompile, redirects) {
  const route::Redirect* to = route(
                                  "match: {prefix: /a}, redirect: {https_redirect: true, host_redirect: h.test, "
                                  "port_redirect: 8443, prefix_rewrite: /b, response_code: PERMANENT_REDIRECT, "
                                  "strip_query: true}")
                                  .redirect();
  EXPECT_EQ(problem_lines(), "");
  ASSERT_TRUE(to);
  EXPECT_EQ(to->scheme, "https");
  EXPECT_EQ(to->host, "h.test");
  EXPECT_EQ(to->port, 8443U);
  EXPECT_EQ(to->code, 308);
  EXPECT_TRUE(to->strip_query);
  EXPECT_EQ(std::get<route::Redirect::Prefix>(to->path).prefix, "/b");
  EXPECT_EQ(route("match: {prefix: /}, redirect: {scheme_redirect: http}").redirect()->code, 301);
}

TEST_F(RouteCompile, direct_responses) {
  const route::DirectResponse* to =
      route("match: {prefix: /}, direct_response: {status: 418, body: {inline_string: tea}}").direct_response();
  ASSERT_TRUE(to);
  EXPECT_EQ(to->status, 418);
  EXPECT_FALSE(to->empty);
  EXPECT_TRUE(route("match: {prefix: /}, direct_response: {status: 204}").direct_response()->empty);
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(RouteCompile, a_direct_response_has_a_limit) {
  const std::string body(4097, 'x');
  route("match: {prefix: /}, direct_response: {status: 200, body: {inline_string: " + body + "}}");
  EXPECT_EQ(problem_lines(),
            "virtual_hosts[0].routes[0].direct_response.body: is 4097 bytes long, the limit is 4096\n");
  problems = {};
  table(
      "{max_direct_response_body_size_bytes: 4097, virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: "
      "/}, direct_response: {status: 200, body: {inline_string: " +
      body + "}}}]}]}");
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(RouteCompile, tunnels_end_where_connect_config_is_set) {
  const auto upgrade = [](const std::string& type, const std::string& config) {
    return forward("upgrade_configs: [{upgrade_type: " + type + ", connect_config: {" + config + "}}]");
  };
  EXPECT_FALSE(route(forward("upgrade_configs: [{upgrade_type: CONNECT}]")).forward()->tunnel_end.has_value());
  auto end = route(upgrade("CONNECT", "")).forward()->tunnel_end;
  ASSERT_TRUE(end.has_value());
  EXPECT_FALSE(end->allow_post);
  EXPECT_EQ(end->proxy_protocol, 0);
  end = route(upgrade("CONNECT", "allow_post: true, proxy_protocol_config: {}")).forward()->tunnel_end;
  EXPECT_TRUE(end->allow_post);
  EXPECT_EQ(end->proxy_protocol, 1);
  end = route(upgrade("CONNECT", "proxy_protocol_config: {version: V2}")).forward()->tunnel_end;
  EXPECT_EQ(end->proxy_protocol, 2);
  EXPECT_EQ(problem_lines(), "");
  route(upgrade("websocket", ""));
  EXPECT_THAT(problem_lines(), HasSubstr("route.upgrade_configs[0].connect_config: "));
}

TEST_F(RouteCompile, upgrades_are_gathered) {
  auto made = table("{virtual_hosts: [{name: v, domains: ['*'], routes: [{" +
                    forward("upgrade_configs: [{upgrade_type: websocket}, {upgrade_type: off, enabled: false}]") +
                    "}, {" + forward("upgrade_configs: [{upgrade_type: websocket}]") + "}]}]}");
  EXPECT_THAT(upgrades_of_routes(*made), ElementsAre("websocket"));
}

TEST_F(RouteCompile, headers_that_must_not_be_touched) {
  route(forward() +
        ", request_headers_to_add: [{header: {key: ':path', value: x}}], response_headers_to_remove: [':status']");
  EXPECT_THAT(problem_lines(), HasSubstr("virtual_hosts[0].routes[0].request_headers_to_add[0]: "));
  EXPECT_THAT(problem_lines(), HasSubstr("virtual_hosts[0].routes[0].response_headers_to_remove[0]: "));
}

TEST_F(RouteCompile, a_domain_twice_is_refused) {
  table("{virtual_hosts: [{name: a, domains: [x.test]}, {name: b, domains: [x.test]}]}");
  EXPECT_THAT(problem_lines(), HasSubstr("x.test"));
}

TEST_F(RouteCompile, an_expression_that_is_none) {
  route("match: {safe_regex: {regex: '('}}, route: {cluster: backend}");
  EXPECT_THAT(problem_lines(), HasSubstr("virtual_hosts[0].routes[0].match.safe_regex"));
}

TEST_F(RouteCompile, virtual_clusters_and_prefixes_have_statistics) {
  auto to = table(
      "{virtual_hosts: [{name: v, domains: ['*'], virtual_clusters: [{name: reads, headers: [{name: ':method', "
      "string_match: {exact: GET}}]}], routes: [{" +
      forward() + ", stat_prefix: p}, {" + forward() + "}]}]}");
  EXPECT_EQ(problem_lines(), "");
  const route::VirtualHost& host = *to->virtual_hosts().at(0);
  ASSERT_EQ(host.virtual_clusters.size(), 2U);
  EXPECT_EQ(host.virtual_clusters[0].stats->name().name, "v.vcluster.reads");
  EXPECT_EQ(host.virtual_clusters[1].name, "") << "of all others";
  EXPECT_EQ(host.virtual_clusters[1].stats->name().name, "v.vcluster.other");
  EXPECT_EQ(host.routes.at(0)->stats->name().name, "v.route.p");
  EXPECT_EQ(host.routes.at(1)->stats, nullptr);
}

TEST_F(RouteCompile, a_virtual_cluster_needs_headers) {
  table("{virtual_hosts: [{name: v, domains: ['*'], virtual_clusters: [{name: all}]}]}");
  EXPECT_THAT(problem_lines(), HasSubstr("virtual_hosts[0].virtual_clusters[0].headers: is empty"));
}

}  // namespace
}  // namespace proa::config
