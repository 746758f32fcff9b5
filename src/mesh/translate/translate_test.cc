#include "mesh/translate/translate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "mesh/push/resource_type.h"
#include "mesh/translate/test_captured.h"
#include "mesh/translate/translations.h"

namespace proa::mesh {
namespace {

struct Translate : Captured {
  std::vector<std::string> names(const ResourceSet& set, std::string_view type) const {
    std::vector<std::string> out;
    for (const auto& [name, resource] : set.types.at(std::string(type))) out.push_back(name);
    return out;
  }
};

TEST_F(Translate, gives_every_type_by_name_and_where_it_comes_from) {
  const ResourceSet set = translate(*world, node);
  EXPECT_EQ(names(set, kEndpointsType).size(), 17U);  // as many as istiod sent
  EXPECT_THAT(names(set, kRoutesType),
              testing::ElementsAre("4317", "4318", "80", "8000", "8080", "8081", "9000", "9080", "9090", "9411"));
  const auto& cluster = set.types.at(std::string(kClusterType)).at("outbound|9080|v1|reviews.shop.svc.cluster.local");
  EXPECT_EQ(cluster->origin.object, "DestinationRule shop/reviews");
}

TEST_F(Translate, gives_a_sidecar_both_directions) {
  const ResourceSet set = translate(*world, node);
  EXPECT_THAT(names(set, kListenerType), testing::IsSupersetOf({"virtualInbound", "virtualOutbound"}));
  EXPECT_THAT(names(set, kClusterType), testing::IsSupersetOf({"inbound|9080||", "InboundPassthroughCluster"}));
}

TEST_F(Translate, gives_a_router_its_gateways_and_nothing_of_a_sidecar) {
  node.type = ProxyNode::Type::router;
  node.labels = {{"istio", "ingressgateway"}};
  const ResourceSet set = translate(*world, node);
  EXPECT_THAT(names(set, kListenerType), testing::ElementsAre("0.0.0.0_15443", "0.0.0.0_5433", "0.0.0.0_8081",
                                                              "0.0.0.0_8082", "0.0.0.0_8443", "0.0.0.0_9443"));
  EXPECT_EQ(names(set, kRoutesType).size(), 5U);
  EXPECT_EQ(names(set, kClusterType).size(), 40U);    // as many as istiod sent
  EXPECT_EQ(names(set, kEndpointsType).size(), 34U);  // of mTLS by server name as well
}

TEST_F(Translate, the_same_world_gives_the_same_bytes) {
  const ResourceSet a = translate(*world, node), b = translate(*world, node);
  for (const auto& [type, named] : a.types) {
    for (const auto& [name, resource] : named) {
      EXPECT_EQ(resource->hash, b.types.at(type).at(name)->hash) << type << " " << name;
    }
  }
}

TEST_F(Translate, with_an_earlier_world_gives_what_it_gives_without) {
  const ResourceSet before = translate(*world, node);
  const Earlier earlier{*world, before};
  for (const std::string_view change : {R"(
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: reviews-9, namespace: shop}
spec: {address: 127.0.2.9, labels: {app: reviews, version: v2}, serviceAccount: another}
)",
                                        R"(
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: away, namespace: elsewhere}
spec: {address: 127.0.2.9, labels: {app: reviews}}
)",
                                        R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: authz, namespace: shop}
spec: {host: authz, trafficPolicy: {loadBalancer: {simple: RANDOM}}}
)",
                                        R"(
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec: {egress: [{hosts: ["./reviews.shop.svc.cluster.local"]}]}
)"}) {
    config::Problems problems;
    const auto next = world->with(read_objects(change, problems));
    const ResourceSet made = translate(*next, node, &earlier), wanted = translate(*next, node);
    ASSERT_EQ(made.types.size(), wanted.types.size());
    for (const auto& [type, named] : wanted.types) {
      ASSERT_EQ(made.types.at(type).size(), named.size()) << type << change;
      for (const auto& [name, resource] : named) {
        EXPECT_EQ(made.types.at(type).at(name)->hash, resource->hash) << name << change;
      }
    }
  }
}

struct OfProxies : Captured {
  OfProxies() {
    auto message = std::make_shared<envoy::config::core::v3::Node>();
    message->set_id("sidecar~127.0.1.1~productpage-1.shop~shop.svc.cluster.local");
    proxy.id = message->id();
    proxy.message = message;
  }
  Node proxy;
  Translations translations;
};

TEST_F(OfProxies, wait_for_the_first_world) {
  EXPECT_EQ(translations.of(proxy), nullptr);
  translations.set(world);
  EXPECT_NE(translations.of(proxy), nullptr);
}

TEST_F(OfProxies, get_the_same_set_while_nothing_changes_for_them) {
  translations.set(world);
  const auto first = translations.of(proxy);
  EXPECT_EQ(translations.of(proxy), first);
  config::Problems problems;
  auto elsewhere = read_objects(R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: elsewhere}
spec: {hosts: [a.example.com], exportTo: ["."], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
)",
                                problems);
  translations.set(world->with(std::move(elsewhere)));
  EXPECT_EQ(translations.of(proxy), first);
}

TEST_F(OfProxies, share_what_has_not_changed) {
  translations.set(world);
  const auto first = translations.of(proxy);
  config::Problems problems;
  translations.set(world->with(read_objects(R"(
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: reviews-9, namespace: shop}
spec: {address: 127.0.2.9, labels: {app: reviews, version: v9}}
)",
                                            problems)));
  const auto second = translations.of(proxy);
  ASSERT_NE(second, first);
  std::vector<std::string> changed;
  for (const auto& [type, named] : second->types) {
    for (const auto& [name, resource] : named) {
      if (first->types.at(type).at(name) != resource) changed.push_back(name);
    }
  }
  EXPECT_THAT(changed, testing::ElementsAre("outbound|9080||reviews.shop.svc.cluster.local"));
}

TEST_F(OfProxies, get_nothing_under_a_name_that_says_nothing) {
  auto message = std::make_shared<envoy::config::core::v3::Node>();
  message->set_id("me");
  translations.set(world);
  EXPECT_EQ(translations.of({.id = "me", .message = message}), nullptr);
}

}  // namespace
}  // namespace proa::mesh
