#include "mesh/translate/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "mesh/translate/names.h"
#include "mesh/translate/test_captured.h"

namespace proa::mesh {
namespace {

using testing::ElementsAre;

struct Endpoints : Captured {
  /// "locality weight priority: address:port weight workload" of each endpoint.
  std::vector<std::string> endpoints(const std::string& host, std::uint32_t port, const std::string& subset = {}) {
    const Service& service = *world->services().named(host).at(0);
    const auto rule = rule_for(*world, node, service);
    const istio::networking::v1alpha3::Subset* found = nullptr;
    for (int i = 0; rule && i < rule->spec.subsets_size(); ++i) {
      if (rule->spec.subsets(i).name() == subset) found = &rule->spec.subsets(i);
    }
    const auto made = assignment({*world, node, service, *service.port(port), rule.get(), found},
                                 outbound_cluster(port, subset, host));
    std::vector<std::string> out;
    for (const auto& locality : made.endpoints()) {
      for (const auto& each : locality.lb_endpoints()) {
        const auto& address = each.endpoint().address().socket_address();
        const auto& metadata = each.metadata().filter_metadata();
        out.push_back(locality.locality().region() + "/" + locality.locality().zone() + " " +
                      std::to_string(locality.load_balancing_weight().value()) + " " +
                      std::to_string(locality.priority()) + ": " + address.address() + ":" +
                      std::to_string(address.port_value()) + " " +
                      std::to_string(each.load_balancing_weight().value()) + " " +
                      metadata.at("istio").fields().at("workload").string_value() +
                      (metadata.contains("envoy.transport_socket_match") ? " mtls" : ""));
      }
    }
    return out;
  }
};

TEST_F(Endpoints, endpoints_are_those_that_istiod_sent) {
  EXPECT_THAT(endpoints("reviews.shop.svc.cluster.local", 9080),
              ElementsAre("r1/z1 1 0: 127.0.2.1:9080 1 reviews-1;shop;reviews;v1;bare mtls",
                          "r1/z2 3 1: 127.0.2.2:9080 3 reviews-2;shop;reviews;v2;bare mtls",
                          "r2/z1 1 2: 127.0.2.3:9080 1 reviews-3;shop;reviews;v3;bare mtls"));
  EXPECT_THAT(endpoints("reviews.shop.svc.cluster.local", 9080, "v2"),
              ElementsAre("r1/z2 3 0: 127.0.2.2:9080 3 reviews-2;shop;reviews;v2;bare mtls"));
  EXPECT_THAT(endpoints("ratings.shop.svc.cluster.local", 9090),
              ElementsAre("r1/z1 2 0: 127.0.3.1:9090 1 ratings-1;shop;ratings;v1;bare mtls",
                          "r1/z1 2 0: 127.0.3.2:9090 1 ratings-2;shop;ratings;v2;bare mtls"));
  EXPECT_THAT(endpoints("db.shop.svc.cluster.local", 5432),
              ElementsAre("r1/z1 1 0: 127.0.4.1:5432 1 ;;;v1;bare", "r2/z1 1 0: 127.0.4.2:5432 1 ;;;v2;bare"));
  EXPECT_THAT(endpoints("productpage.shop.svc.cluster.local", 80),
              ElementsAre("r1/z1 1 0: 127.0.1.1:9080 1 productpage-1;shop;productpage;v1;bare mtls"));
}

TEST_F(Endpoints, a_sidecar_sees_what_its_scope_imports) {
  std::vector<std::string> hosts;
  for (const auto& service : scope_of(*world, node).services) hosts.push_back(service->hostname);
  EXPECT_THAT(
      hosts,
      ElementsAre("*.dyn.example.com", "*.wild.example.com", "api.example.com", "authz.shop.svc.cluster.local",
                  "auto.shop.svc.cluster.local", "db.shop.svc.cluster.local", "mongo.shop.svc.cluster.local",
                  "otel.shop.svc.cluster.local", "productpage.shop.svc.cluster.local", "ratings.shop.svc.cluster.local",
                  "reviews.shop.svc.cluster.local", "rr.example.com", "zipkin.shop.svc.cluster.local"));
  node.labels = {{"app", "ratings"}};
  hosts.clear();
  for (const auto& service : scope_of(*world, node).services) hosts.push_back(service->hostname);
  EXPECT_THAT(hosts, ElementsAre("authz.shop.svc.cluster.local", "db.shop.svc.cluster.local"));
}

TEST_F(Endpoints, a_port_of_its_own_inherits_nothing) {
  const Service& ratings = *world->services().named("ratings.shop.svc.cluster.local").at(0);
  const auto rule = rule_for(*world, node, ratings);
  istio::networking::v1alpha3::TrafficPolicy scratch;
  const auto simple = [&](std::uint32_t port) {
    return policy_of({*world, node, ratings, *ratings.port(port), rule.get()}, scratch)->load_balancer().simple();
  };
  using Balancer = istio::networking::v1alpha3::LoadBalancerSettings;
  EXPECT_EQ(simple(9080), Balancer::ROUND_ROBIN);
  EXPECT_EQ(simple(9090), Balancer::RANDOM);
}

TEST(ProxyNode, needs_an_id_of_four_parts) {
  envoy::config::core::v3::Node message;
  message.set_id("sidecar~10.0.0.1~a.shop");
  EXPECT_EQ(proxy_node(message).error().message, "node id \"sidecar~10.0.0.1~a.shop\" is not TYPE~IP~ID~DNSDOMAIN");
  message.set_id("ztunnel~10.0.0.1~a.shop~d");
  EXPECT_FALSE(proxy_node(message));
  message.set_id("router~10.0.0.1~a.shop~shop.svc.cluster.local");
  const auto node = proxy_node(message);
  EXPECT_EQ(node->type, ProxyNode::Type::router);
  EXPECT_EQ(node->ns, "shop");
  EXPECT_THAT(node->addresses, ElementsAre("10.0.0.1"));
}

}  // namespace
}  // namespace proa::mesh
