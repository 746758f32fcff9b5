#include "mesh/translate/gateway_api_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mesh/model/test_objects.h"
#include "mesh/translate/gateway_listeners.h"
#include "mesh/translate/gateway_routes.h"

namespace proa::mesh {
namespace {

using envoy::config::route::v3::RouteConfiguration;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;

std::string gateway(const std::string& listeners) {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: edge}\n"
         "spec:\n  gatewayClassName: istio\n  listeners:\n" +
         listeners + "---\n";
}

std::string route(const std::string& kind, const std::string& name, const std::string& ns, const std::string& spec) {
  return "apiVersion: gateway.networking.k8s.io/" +
         std::string(kind == "TCPRoute" || kind == "TLSRoute" ? "v1alpha2" : "v1") + "\nkind: " + kind +
         "\nmetadata: {name: " + name + ", namespace: " + ns + "}\nspec:\n" +
         "  parentRefs: [{name: gw, namespace: edge}]\n" + spec + "---\n";
}

std::string grant(const std::string& ns, const std::string& from_kind, const std::string& from_ns,
                  const std::string& to_kind) {
  return "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: grant, namespace: " +
         ns + "}\nspec:\n  from: [{group: gateway.networking.k8s.io, kind: " + from_kind + ", namespace: " + from_ns +
         "}]\n  to: [{group: '', kind: " + to_kind + "}]\n---\n";
}

struct GatewayApi : testing::Test {
  GatewayApi() {
    node.type = ProxyNode::Type::router;
    node.ns = "edge";
    node.addresses = {"10.0.0.1"};
    node.labels = {{"gateway.networking.k8s.io/gateway-name", "gw"}};
  }

  void set(const std::string& text) {
    const auto world = world_of(text);
    const Scope scope = scope_of(*world, node);
    listeners.clear();
    routes.clear();
    for (auto& each : gateway_listeners(*world, node, scope)) listeners.emplace(each.name(), each);
    for (auto& each : gateway_routes(*world, node, scope)) routes.emplace(each.name(), each);
  }

  std::vector<std::string> clusters(const std::string& name) {
    std::vector<std::string> out;
    for (const auto& host : routes[name].virtual_hosts()) {
      for (const auto& each : host.routes()) out.push_back(host.domains(0) + " " + each.route().cluster());
    }
    return out;
  }

  ProxyNode node;
  std::map<std::string, envoy::config::listener::v3::Listener> listeners;
  std::map<std::string, RouteConfiguration> routes;
};

constexpr const char* kHttp = "  - {name: http, port: 80, protocol: HTTP}\n";

TEST_F(GatewayApi, http_routes_of_one_host_are_in_the_order_of_how_much_they_say) {
  set(gateway(kHttp) + route("HTTPRoute", "a", "edge", "  rules: [{backendRefs: [{name: all, port: 80}]}]\n") +
      route("HTTPRoute", "b", "edge",
            "  rules:\n  - matches: [{path: {value: /long/path}}]\n    backendRefs: [{name: prefix, port: 80}]\n"
            "  - matches: [{path: {type: Exact, value: /x}}]\n    backendRefs: [{name: exact, port: 80}]\n"));
  EXPECT_THAT(listeners, ElementsAre(Key("0.0.0.0_80")));
  EXPECT_THAT(clusters("http.80"),
              ElementsAre("* outbound|80||exact.edge.svc.cluster.local", "* outbound|80||prefix.edge.svc.cluster.local",
                          "* outbound|80||all.edge.svc.cluster.local"));
}

TEST_F(GatewayApi, routes_attach_from_the_namespaces_that_a_listener_allows) {
  const std::string other = route("HTTPRoute", "a", "shop", "  rules: [{backendRefs: [{name: s, port: 80}]}]\n");
  set(gateway(kHttp) + other);
  EXPECT_THAT(clusters("http.80"), IsEmpty());
  set(gateway("  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}\n") + other);
  EXPECT_THAT(clusters("http.80"), ElementsAre("* outbound|80||s.shop.svc.cluster.local"));
  const std::string selected = gateway(
      "  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: "
      "{edge: 'yes'}}}}}\n");
  set(selected + other);
  EXPECT_THAT(clusters("http.80"), IsEmpty());
  set(selected + other + "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {edge: 'yes'}}\n");
  EXPECT_THAT(clusters("http.80"), ElementsAre("* outbound|80||s.shop.svc.cluster.local"));
}

TEST_F(GatewayApi, hosts_are_those_of_listener_and_route_together) {
  set(gateway("  - {name: http, port: 80, protocol: HTTP, hostname: '*.example.com'}\n") +
      route("HTTPRoute", "a", "edge",
            "  hostnames: [a.example.com, b.example.org]\n  rules: [{backendRefs: [{name: s, port: 80}]}]\n"));
  EXPECT_THAT(clusters("http.80"), ElementsAre("a.example.com outbound|80||s.edge.svc.cluster.local"));
}

TEST_F(GatewayApi, a_backend_of_another_namespace_needs_a_grant) {
  const std::string text = gateway(kHttp) + route("HTTPRoute", "a", "edge",
                                                  "  rules: [{backendRefs: [{name: s, namespace: shop, port: 80}]}]\n");
  set(text);
  ASSERT_EQ(routes["http.80"].virtual_hosts_size(), 1);
  EXPECT_EQ(routes["http.80"].virtual_hosts(0).routes(0).DebugString().find("s.shop"), std::string::npos);
  set(text + grant("shop", "HTTPRoute", "edge", "Service"));
  EXPECT_THAT(clusters("http.80"), ElementsAre("* outbound|80||s.shop.svc.cluster.local"));
}

TEST_F(GatewayApi, a_certificate_of_another_namespace_needs_a_grant) {
  const std::string text =
      gateway(
          "  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert, namespace: certs}]}}\n") +
      route("HTTPRoute", "a", "edge", "  rules: [{backendRefs: [{name: s, port: 80}]}]\n");
  set(text);
  EXPECT_THAT(listeners, IsEmpty());
  set(text + grant("certs", "Gateway", "edge", "Secret"));
  ASSERT_THAT(listeners, ElementsAre(Key("0.0.0.0_443")));
  EXPECT_THAT(listeners["0.0.0.0_443"].filter_chains(0).transport_socket().typed_config().value(),
              HasSubstr("kubernetes-gateway://certs/cert"));
  EXPECT_THAT(routes, ElementsAre(Key("https.443.default.gw~istio-autogenerated-k8s-gateway~https.edge")));
}

TEST_F(GatewayApi, grpc_routes_match_services_and_methods) {
  set(gateway(kHttp) + route("GRPCRoute", "a", "edge",
                             "  rules:\n  - matches: [{method: {service: shop.Cart, method: Add}}]\n"
                             "    backendRefs: [{name: s, port: 80}]\n"));
  ASSERT_EQ(routes["http.80"].virtual_hosts_size(), 1);
  EXPECT_EQ(routes["http.80"].virtual_hosts(0).routes(0).match().path(), "/shop.Cart/Add");
}

TEST_F(GatewayApi, tls_routes_pass_on_by_server_name) {
  set(gateway("  - {name: tls, port: 443, protocol: TLS, hostname: '*.example.com', tls: {mode: Passthrough}}\n") +
      route("TLSRoute", "a", "edge",
            "  hostnames: [a.example.com, b.example.org]\n  rules: [{backendRefs: [{name: s, port: 8443}]}]\n"));
  ASSERT_THAT(listeners, ElementsAre(Key("0.0.0.0_443")));
  const auto& chain = listeners["0.0.0.0_443"].filter_chains(0);
  EXPECT_THAT(chain.filter_chain_match().server_names(), ElementsAre("a.example.com"));
  EXPECT_THAT(chain.filters(0).typed_config().value(), HasSubstr("outbound|8443||s.edge.svc.cluster.local"));
}

TEST_F(GatewayApi, tcp_routes_have_all_of_a_port) {
  set(gateway("  - {name: tcp, port: 5432, protocol: TCP}\n") +
      route("TCPRoute", "a", "edge",
            "  rules: [{backendRefs: [{name: a, port: 1, weight: 3}, {name: b, namespace: shop, port: 2, weight: "
            "1}]}]\n"));
  ASSERT_THAT(listeners, ElementsAre(Key("0.0.0.0_5432")));
  const std::string config = listeners["0.0.0.0_5432"].filter_chains(0).filters(0).typed_config().value();
  EXPECT_THAT(config, HasSubstr("outbound|1||a.edge.svc.cluster.local"));
  EXPECT_THAT(config, HasSubstr("BlackHoleCluster"));  // no grant for the other
}

TEST_F(GatewayApi, listeners_take_only_kinds_that_they_carry) {
  set(gateway("  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}\n") +
      route("HTTPRoute", "a", "edge", "  rules: [{backendRefs: [{name: s, port: 80}]}]\n"));
  EXPECT_THAT(clusters("http.80"), IsEmpty());
}

TEST_F(GatewayApi, gateways_of_others_are_not_served) {
  node.labels["gateway.networking.k8s.io/gateway-name"] = "other";
  set(gateway(kHttp));
  EXPECT_THAT(listeners, IsEmpty());
}

}  // namespace
}  // namespace proa::mesh
