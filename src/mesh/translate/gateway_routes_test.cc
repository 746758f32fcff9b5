#include "mesh/translate/gateway_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mesh/translate/test_gateway.h"

namespace proa::mesh {
namespace {

using envoy::config::route::v3::RouteConfiguration;
using envoy::config::route::v3::VirtualHost;
using testing::ElementsAre;

std::map<std::string, RouteConfiguration> made(const World& world, const ProxyNode& node) {
  std::map<std::string, RouteConfiguration> out;
  for (auto& routes : gateway_routes(world, node, scope_of(world, node))) out.emplace(routes.name(), routes);
  return out;
}

std::vector<std::string> names(const std::map<std::string, RouteConfiguration>& from) {
  std::vector<std::string> out;
  for (const auto& [name, routes] : from) out.push_back(name);
  return out;
}

TEST_F(CapturedGateway, routes_have_the_names_that_istiod_gave) {
  EXPECT_THAT(names(made(*world, node)), ElementsAre("http.8081", "http.8082", "https.8443.https-im.edge.shop",
                                                     "https.8443.https-mtls.edge.shop", "https.8443.https.edge.shop"));
}

TEST_F(CapturedGateway, routes_say_what_istiod_said) {
  const auto routes = made(*world, node);
  for (const auto& [name, wanted] : sent_by_istiod<RouteConfiguration>("gateway_routes.json")) {
    ASSERT_TRUE(routes.contains(name)) << name;
    EXPECT_EQ(differences(wanted, routes.at(name)), "") << name;
  }
}

constexpr const char* kGateway = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: a, namespace: edge}
spec:
  selector: {istio: gw}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["./*.own.example.com", "*.example.com"]
  - port: {number: 81, name: redirect, protocol: HTTP}
    hosts: [x.example.com]
    tls: {httpsRedirect: true}
  - port: {number: 82, name: unused, protocol: HTTP}
    hosts: [y.other.com]
---
)";

RouteConfiguration routes_with(const std::string& name, const std::string& services) {
  ProxyNode node;
  node.type = ProxyNode::Type::router;
  node.ns = "edge";
  node.labels = {{"istio", "gw"}};
  return made(*world_of(kGateway + services), node)[name];
}

std::string service(const std::string& name, const std::string& hosts, const std::string& match) {
  return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name +
         ", namespace: shop}\nspec:\n  hosts: [" + hosts + "]\n  gateways: [edge/a]\n  http:\n  - " + match +
         "route: [{destination: {host: " + name + ".example.com, port: {number: 1}}}]\n---\n";
}

TEST(GatewayRoutes, put_what_takes_everything_behind_what_takes_less) {
  const auto routes =
      routes_with("http.80", service("all", "a.example.com", "") +
                                 service("some", "a.example.com", "match: [{uri: {prefix: /x}}]\n    "));
  ASSERT_EQ(routes.virtual_hosts_size(), 1);
  const VirtualHost& host = routes.virtual_hosts(0);
  ASSERT_EQ(host.routes_size(), 2);
  EXPECT_EQ(host.routes(0).route().cluster(), "outbound|1||some.example.com");
  EXPECT_EQ(host.routes(1).route().cluster(), "outbound|1||all.example.com");
}

TEST(GatewayRoutes, are_of_the_hosts_that_server_and_route_have_in_common) {
  const auto routes = routes_with("http.80", service("all", "\"*.b.example.com\", other.org, z.own.example.com", ""));
  ASSERT_EQ(routes.virtual_hosts_size(), 1);
  EXPECT_EQ(routes.virtual_hosts(0).name(), "z.own.example.com:80");
  EXPECT_THAT(routes.virtual_hosts(0).domains(), ElementsAre("z.own.example.com", "*.b.example.com"));
}

TEST(GatewayRoutes, redirect_to_https_with_and_without_routes) {
  const auto routes = routes_with("http.81", "");
  ASSERT_EQ(routes.virtual_hosts_size(), 1);
  EXPECT_EQ(routes.virtual_hosts(0).require_tls(), VirtualHost::ALL);
  EXPECT_THAT(routes.virtual_hosts(0).domains(), ElementsAre("x.example.com"));
}

TEST(GatewayRoutes, answer_404_where_nothing_is_routed) {
  const auto routes = routes_with("http.82", service("all", "a.example.com", ""));
  ASSERT_EQ(routes.virtual_hosts_size(), 1);
  EXPECT_EQ(routes.virtual_hosts(0).name(), "blackhole:82");
  EXPECT_EQ(routes.virtual_hosts(0).routes_size(), 0);
}

}  // namespace
}  // namespace proa::mesh
