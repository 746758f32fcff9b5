#include "mesh/translate/outbound_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "mesh/translate/test_captured.h"

namespace proa::mesh {
namespace {

using envoy::config::route::v3::RouteConfiguration;
using testing::ElementsAre;
using testing::IsEmpty;

struct OutboundRoutes : Captured {
  RouteConfiguration made(std::uint32_t port) {
    scope = scope_of(*world, node);
    return outbound_routes({.world = *world, .node = node, .scope = scope, .port = port});
  }
  Scope scope;
};

TEST_F(OutboundRoutes, say_what_istiod_said) {
  for (const auto& [name, wanted] : sent_by_istiod<RouteConfiguration>("productpage_routes.json")) {
    EXPECT_EQ(differences(wanted, made(static_cast<std::uint32_t>(std::stoul(name)))), "") << name;
  }
}

struct Written : testing::Test {
  /// One mesh of a few services; a sidecar of namespace `ns` in it.
  RouteConfiguration made(std::string_view objects, std::uint32_t port, const std::string& ns = "shop") {
    world = world_of(objects);
    node.ns = ns;
    node.dns_domain = ns + ".svc.cluster.local";
    scope = scope_of(*world, node);
    return outbound_routes({.world = *world, .node = node, .scope = scope, .port = port});
  }

  static std::vector<std::string> domains(const RouteConfiguration& routes, const std::string& host) {
    for (const auto& each : routes.virtual_hosts()) {
      if (each.name() == host) return {each.domains().begin(), each.domains().end()};
    }
    return {};
  }
  static std::vector<std::string> clusters(const RouteConfiguration& routes, const std::string& host) {
    std::vector<std::string> out;
    for (const auto& each : routes.virtual_hosts()) {
      if (each.name() != host) continue;
      for (const auto& route : each.routes()) out.push_back(route.name() + ": " + route.route().cluster());
    }
    return out;
  }

  std::shared_ptr<const World> world;
  ProxyNode node;
  Scope scope;
};

constexpr std::string_view kServices = R"(
apiVersion: v1
kind: Service
metadata: {name: ratings, namespace: shop}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {clusterIP: 10.0.0.2, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: old, namespace: shop}
spec: {type: ExternalName, externalName: ratings.shop.svc.cluster.local, ports: [{name: http, port: 80}]}
---
)";

TEST_F(Written, a_service_has_short_names_in_its_namespace_only) {
  const RouteConfiguration near = made(kServices, 80);
  EXPECT_THAT(domains(near, "reviews.shop.svc.cluster.local:80"),
              ElementsAre("reviews.shop.svc.cluster.local", "reviews.shop.svc.cluster.local.", "reviews",
                          "reviews.shop.svc", "reviews.shop", "10.0.0.2"));
  const RouteConfiguration far = made(kServices, 80, "other");
  EXPECT_THAT(domains(far, "reviews.shop.svc.cluster.local:80"),
              ElementsAre("reviews.shop.svc.cluster.local", "reviews.shop.svc.cluster.local.", "reviews.shop",
                          "reviews.shop.svc", "10.0.0.2"));
}

TEST_F(Written, another_name_for_a_service_is_a_domain_of_it) {
  EXPECT_THAT(domains(made(kServices, 80), "ratings.shop.svc.cluster.local:80"), testing::Contains("old"));
  EXPECT_THAT(domains(made(kServices, 80), "old.shop.svc.cluster.local:80"), IsEmpty());
}

TEST_F(Written, routes_apply_by_source_and_port) {
  const std::string objects = std::string(kServices) + R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http:
  - name: other-port
    match: [{port: 81}]
    route: [{destination: {host: ratings}}]
  - name: other-source
    match: [{sourceNamespace: elsewhere}, {sourceLabels: {app: x}}, {gateways: [edge]}]
    route: [{destination: {host: ratings}}]
  - name: here
    match: [{uri: {prefix: /a}, sourceNamespace: shop}]
    route: [{destination: {host: ratings}}]
  - name: all
    route: [{destination: {host: reviews, port: {number: 8080}, subset: v1}}]
)";
  EXPECT_THAT(clusters(made(objects, 80), "reviews.shop.svc.cluster.local:80"),
              ElementsAre("here: outbound|80||ratings.shop.svc.cluster.local",
                          "all: outbound|8080|v1|reviews.shop.svc.cluster.local"));
}

TEST_F(Written, the_most_specific_host_wins) {
  const std::string objects = std::string(kServices) + R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: wide, namespace: shop, creationTimestamp: "2020-01-01T00:00:00Z"}
spec: {hosts: ["*.shop.svc.cluster.local"], http: [{name: wide, route: [{destination: {host: ratings}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: exact, namespace: shop, creationTimestamp: "2021-01-01T00:00:00Z"}
spec: {hosts: [reviews], http: [{name: exact, route: [{destination: {host: ratings}}]}]}
)";
  const RouteConfiguration routes = made(objects, 80);
  EXPECT_THAT(clusters(routes, "reviews.shop.svc.cluster.local:80"),
              ElementsAre("exact: outbound|80||ratings.shop.svc.cluster.local"));
  EXPECT_THAT(clusters(routes, "ratings.shop.svc.cluster.local:80"),
              ElementsAre("wide: outbound|80||ratings.shop.svc.cluster.local"));
}

TEST_F(Written, a_delegate_refines_what_its_root_lets_through) {
  const std::string objects = std::string(kServices) + R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: root, namespace: shop}
spec:
  hosts: [reviews]
  http:
  - name: team
    match: [{uri: {prefix: /team}}]
    delegate: {name: leaf, namespace: team}
    timeout: 3s
  - name: nobody
    match: [{uri: {prefix: /nobody}}]
    delegate: {name: nothing}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: leaf, namespace: team}
spec:
  http:
  - name: a
    match: [{uri: {exact: /team/a}}]
    route: [{destination: {host: a}}]
  - name: never
    match: [{uri: {exact: /other}}]
    route: [{destination: {host: a}}]
  - name: rest
    route: [{destination: {host: rest.shop.svc.cluster.local}}]
)";
  const RouteConfiguration routes = made(objects, 80);
  EXPECT_THAT(clusters(routes, "reviews.shop.svc.cluster.local:80"),
              ElementsAre("team-a: outbound|80||a.team.svc.cluster.local",
                          "team-rest: outbound|80||rest.shop.svc.cluster.local"));
  for (const auto& host : routes.virtual_hosts()) {
    if (host.name() != "reviews.shop.svc.cluster.local:80") continue;
    EXPECT_EQ(host.routes(0).match().path(), "/team/a");
    EXPECT_EQ(host.routes(1).match().prefix(), "/team");
    EXPECT_EQ(host.routes(1).route().timeout().seconds(), 3);
  }
}

constexpr std::string_view kAttached = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: split, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: reviews, port: 80}]
  rules:
  - backendRefs: [{name: ratings, port: 80, weight: 9}, {name: reviews, port: 80, weight: 1}]
  - matches: [{path: {type: PathPrefix, value: /a}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]
    backendRefs: [{name: ratings, port: 80}]
  - matches: [{path: {type: Exact, value: /a/b}}]
    filters: [{type: RequestRedirect, requestRedirect: {hostname: new.example.com, statusCode: 301}}]
  - matches: [{path: {type: PathPrefix, value: /elsewhere}}]
    backendRefs: [{name: secret, namespace: vault, port: 80}]
)";

TEST_F(Written, routes_of_the_gateway_api_are_attached_to_services) {
  const RouteConfiguration routes = made(std::string(kServices) + std::string(kAttached), 80);
  const auto found = std::ranges::find(routes.virtual_hosts(), "reviews.shop.svc.cluster.local:80",
                                       &envoy::config::route::v3::VirtualHost::name);
  ASSERT_NE(found, routes.virtual_hosts().end());
  ASSERT_EQ(found->routes_size(), 4);
  EXPECT_EQ(found->routes(0).match().path(), "/a/b");
  EXPECT_EQ(found->routes(0).redirect().host_redirect(), "new.example.com");
  EXPECT_EQ(found->routes(1).match().path_separated_prefix(), "/elsewhere");
  EXPECT_EQ(found->routes(1).route().cluster(), "UnknownService");  // nobody granted it
  EXPECT_EQ(found->routes(2).match().path_separated_prefix(), "/a");
  EXPECT_EQ(found->routes(2).route().regex_rewrite().substitution(), "/\\2");
  EXPECT_EQ(found->routes(3).route().weighted_clusters().clusters(0).weight().value(), 9U);
  EXPECT_EQ(found->routes(3).route().cluster_not_found_response_code(),
            envoy::config::route::v3::RouteAction::INTERNAL_SERVER_ERROR);
}

TEST_F(Written, a_route_of_somebody_elses_namespace_does_not_concern_this_one) {
  std::string objects = std::string(kServices) + std::string(kAttached);
  objects.replace(objects.find("name: split, namespace: shop"), 28, "name: split, namespace: away");
  objects.replace(objects.find("name: reviews, port: 80}]"), 25, "name: reviews, namespace: shop}]");
  EXPECT_THAT(clusters(made(objects, 80), "reviews.shop.svc.cluster.local:80"),
              ElementsAre("default: outbound|80||reviews.shop.svc.cluster.local"));
  EXPECT_EQ(clusters(made(objects, 80, "away"), "reviews.shop.svc.cluster.local:80").size(), 4U);
}

}  // namespace
}  // namespace proa::mesh
