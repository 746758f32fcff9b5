#include "mesh/explain/journey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mesh/model/test_objects.h"

namespace proa::mesh {
namespace {

constexpr std::string_view kShop = R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews.shop.svc.cluster.local]
  addresses: [240.1.0.2]
  ports: [{number: 9080, name: http, protocol: HTTP}]
  location: MESH_INTERNAL
  resolution: STATIC
  workloadSelector: {labels: {app: reviews}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: reviews-1, namespace: shop, labels: {security.istio.io/tlsMode: istio}}
spec: {address: 10.0.0.2, labels: {app: reviews, version: v1, security.istio.io/tlsMode: istio}, serviceAccount: reviews}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: cart-1, namespace: shop}
spec: {address: 10.0.0.1, labels: {app: cart, security.istio.io/tlsMode: istio}, serviceAccount: cart}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: thief-1, namespace: shop}
spec: {address: 10.0.0.9, labels: {app: thief, security.istio.io/tlsMode: istio}, serviceAccount: thief}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: shop}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http:
  - {name: gone, match: [{uri: {prefix: /old}}], directResponse: {status: 410}}
  - {name: v1, match: [{headers: {x-user: {exact: ada}}}], rewrite: {uri: /rewritten}, route: [{destination: {host: reviews, subset: v1}}]}
  - {name: rest, route: [{destination: {host: reviews}}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: reviews, namespace: shop}
spec:
  selector: {matchLabels: {app: reviews}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/shop/sa/cart]}}]
    to: [{operation: {methods: [GET]}}]
)";

struct OfShop : testing::Test {
  std::shared_ptr<const World> world = [] {
    config::Problems problems;
    return World::empty()->with(read_objects(kShop, problems));
  }();

  Journey ask(JourneyQuestion question) const {
    auto out = journey(*world, question);
    EXPECT_TRUE(out.has_value()) << out.error().message;
    return out.value_or(Journey{});
  }
  std::vector<std::string> objects(const Leg& leg) const {
    std::vector<std::string> out;
    for (const auto& [what, origin] : leg.origins) out.push_back(what + ": " + origin.object);
    return out;
  }
};

TEST_F(OfShop, a_request_that_arrives) {
  const Journey made = ask({.from = "shop/cart", .to = "http://reviews:9080/", .headers = {{"x-user", "ada"}}});
  EXPECT_EQ(made.out.way.listener, "0.0.0.0_9080");
  ASSERT_TRUE(made.out.way.route);
  EXPECT_EQ(made.out.way.route->name, "v1");
  EXPECT_EQ(made.out.way.cluster, "outbound|9080|v1|reviews.shop.svc.cluster.local");
  EXPECT_EQ(made.out.way.upstream_path, "/rewritten");
  ASSERT_TRUE(made.hop);
  EXPECT_EQ(made.hop->endpoint, "10.0.0.2:9080");
  EXPECT_EQ(made.hop->tls, Hop::Tls::mutual);
  EXPECT_THAT(made.hop->names, testing::ElementsAre("spiffe://cluster.local/ns/shop/sa/reviews"));
  ASSERT_TRUE(made.in);
  EXPECT_EQ(made.in->way.cluster, "inbound|9080||");
  EXPECT_TRUE(made.in->way.tls);
  EXPECT_EQ(made.mtls_mode, "STRICT");
  EXPECT_TRUE(made.arrives);
  EXPECT_EQ(made.outcome, "arrives at shop/reviews-1");
  EXPECT_THAT(objects(made.out),
              testing::IsSupersetOf({"route: VirtualService shop/reviews", "cluster: DestinationRule shop/reviews"}));
  EXPECT_THAT(objects(*made.in), testing::IsSupersetOf({"policy: AuthorizationPolicy shop/reviews",
                                                        "mTLS mode: PeerAuthentication shop/default"}));
}

TEST_F(OfShop, what_a_policy_does_not_allow) {
  const Journey post = ask({.from = "shop/cart", .to = "reviews:9080", .method = "POST"});
  EXPECT_FALSE(post.arrives);
  EXPECT_THAT(post.outcome, testing::HasSubstr("answers 403"));
  const Journey thief = ask({.from = "shop/thief", .to = "reviews:9080"});
  EXPECT_FALSE(thief.arrives);
  EXPECT_TRUE(
      ask({.from = "shop/thief", .to = "reviews:9080", .principal = "spiffe://cluster.local/ns/shop/sa/cart"}).arrives);
}

TEST_F(OfShop, what_the_callers_proxy_answers_itself) {
  const Journey made = ask({.from = "shop/cart", .to = "http://reviews:9080/old"});
  EXPECT_FALSE(made.hop);
  EXPECT_FALSE(made.arrives);
  EXPECT_THAT(made.outcome, testing::HasSubstr("answers 410 itself"));
}

TEST_F(OfShop, what_is_outside_passes) {
  const Journey made = ask({.from = "shop/cart", .to = "tcp://203.0.113.7:5432"});
  EXPECT_EQ(made.out.way.listener, "virtualOutbound");
  EXPECT_EQ(made.out.way.cluster, "PassthroughCluster");
  EXPECT_TRUE(made.arrives);
  EXPECT_FALSE(made.in);
}

TEST_F(OfShop, names_that_are_not_there) {
  const auto refusal = [&](const JourneyQuestion& question) {
    const auto made = journey(*world, question);
    return made ? std::string() : made.error().message;
  };
  EXPECT_EQ(
      refusal({.from = "shop/nobody", .to = "reviews:9080"}),
      "--from shop/nobody: namespace shop has no workload, account or service nobody; it has cart, reviews, thief");
  EXPECT_EQ(refusal({.from = "cart", .to = "reviews:9080"}), "--from cart: cart is not NAMESPACE/NAME");
  EXPECT_EQ(refusal({.from = "shop/cart", .to = "reviews:x"}), "--to reviews:x: x is no port");
  EXPECT_EQ(refusal({.from = "shop/cart", .to = "ftp://reviews"}),
            "--to ftp://reviews: scheme ftp is none of http, https, grpc and tcp");
}

}  // namespace
}  // namespace proa::mesh
