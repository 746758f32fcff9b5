#include "mesh/translate/outbound_listeners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mesh/translate/test_captured.h"

namespace proa::mesh {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct OutboundListeners : Captured {
  std::map<std::string, Listener> made() const {
    std::map<std::string, Listener> out;
    const Reporting reporting = reporting_for(*world, node, Direction::outbound);
    for (auto& listener : outbound_listeners(*world, node, scope_of(*world, node), reporting)) {
      out.emplace(listener.name(), listener);
    }
    return out;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& [name, listener] : made()) out.push_back(name);
    return out;
  }
};

TEST_F(OutboundListeners, have_the_names_that_istiod_gave) {
  EXPECT_THAT(names(),
              ElementsAre("0.0.0.0_4317", "0.0.0.0_4318", "0.0.0.0_443", "0.0.0.0_80", "0.0.0.0_8000", "0.0.0.0_8080",
                          "0.0.0.0_8081", "0.0.0.0_9000", "0.0.0.0_9080", "0.0.0.0_9090", "0.0.0.0_9411",
                          "240.1.0.4_5432", "240.1.0.5_7000", "240.1.0.6_27017", "virtualOutbound"));
}

TEST_F(OutboundListeners, say_what_istiod_said) {
  const auto listeners = made();
  for (const auto& [name, wanted] : sent_by_istiod<Listener>("productpage_listeners.json")) {
    ASSERT_TRUE(listeners.contains(name)) << name;
    EXPECT_EQ(differences(wanted, listeners.at(name)), "") << name;
  }
}

TEST_F(OutboundListeners, are_few_for_a_sidecar_that_imports_little) {
  node.labels = {{"app", "ratings"}};
  EXPECT_THAT(names(), ElementsAre("0.0.0.0_8000", "0.0.0.0_9000", "240.1.0.4_5432", "virtualOutbound"));
}

TEST_F(OutboundListeners, are_not_for_a_proxy_that_nothing_is_redirected_to) {
  node.intercepts = false;
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(OutboundListeners, have_nothing_of_istios_for_another_envoy) {
  node.istio_filters = false;
  for (const auto& [name, listener] : made()) EXPECT_EQ(listener.DebugString().find("istio.stats"), std::string::npos);
}

TEST(OutboundListener, tells_http_from_other_bytes_where_no_protocol_is_declared) {
  const auto world = world_of(R"(
apiVersion: v1
kind: Service
metadata: {name: any, namespace: shop}
spec: {clusterIP: 10.0.0.9, ports: [{name: whatever, port: 7777}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: range, namespace: shop}
spec:
  hosts: [db.example.com]
  addresses: [192.0.2.0/24]
  ports: [{number: 3306, name: tcp, protocol: TCP}]
  resolution: NONE
)");
  ProxyNode node;
  node.ns = "shop";
  node.dns_domain = "shop.svc.cluster.local";
  const Scope scope = scope_of(*world, node);
  const auto made = outbound_listeners(*world, node, scope, reporting_for(*world, node, Direction::outbound));
  ASSERT_EQ(made.size(), 3U);
  EXPECT_EQ(made[0].name(), "0.0.0.0_3306");
  EXPECT_EQ(made[0].filter_chains(0).filter_chain_match().prefix_ranges(0).address_prefix(), "192.0.2.0");
  EXPECT_EQ(made[0].filter_chains(0).filter_chain_match().prefix_ranges(0).prefix_len().value(), 24U);
  EXPECT_EQ(made[0].default_filter_chain().name(), "PassthroughFilterChain");
  EXPECT_EQ(made[1].name(), "10.0.0.9_7777");
  ASSERT_EQ(made[1].filter_chains_size(), 2);
  EXPECT_THAT(made[1].filter_chains(0).filter_chain_match().application_protocols(), ElementsAre("http/1.1", "h2c"));
  EXPECT_FALSE(made[1].filter_chains(1).has_filter_chain_match());
  EXPECT_FALSE(made[1].has_default_filter_chain());
}

constexpr std::string_view kBareHost = R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: shop}
spec: {hosts: [a.example.com], ports: [{number: 8080, name: http, protocol: HTTP}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: db, namespace: shop}
spec: {hosts: [db.example.com], ports: [{number: 5432, name: tcp, protocol: TCP}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  egress:
  - {port: {number: 8080, name: http, protocol: HTTP}, hosts: ["./a.example.com"]}
  - {port: {number: 5432, name: tcp, protocol: TCP}, bind: 127.0.0.2, hosts: ["./db.example.com"]}
  - {hosts: ["./*"]}
)";

std::vector<Listener> made_for_bare_host(bool intercepts) {
  const auto world = world_of(kBareHost);
  ProxyNode node;
  node.ns = "shop";
  node.dns_domain = "shop.svc.cluster.local";
  node.intercepts = intercepts;
  const Scope scope = scope_of(*world, node);
  return outbound_listeners(*world, node, scope, reporting_for(*world, node, Direction::outbound));
}

TEST(OutboundListener, listens_itself_at_the_ports_of_a_sidecar_where_nothing_is_redirected) {
  const auto made = made_for_bare_host(false);
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0].name(), "127.0.0.1_8080");
  EXPECT_TRUE(made[0].bind_to_port().value());
  EXPECT_FALSE(made[0].filter_chains(0).has_filter_chain_match());
  EXPECT_EQ(made[0].listener_filters_size(), 0);
  EXPECT_EQ(made[1].name(), "127.0.0.2_5432");
  EXPECT_TRUE(made[1].bind_to_port().value());
}

TEST(OutboundListener, of_a_sidecars_port_has_it_alone) {
  const auto made = made_for_bare_host(true);
  ASSERT_EQ(made.size(), 3U);  // none for the rest, whose ports are taken
  EXPECT_EQ(made[0].name(), "0.0.0.0_8080");
  EXPECT_FALSE(made[0].bind_to_port().value());
  EXPECT_EQ(made[1].name(), "127.0.0.2_5432");
  EXPECT_EQ(made[2].name(), "virtualOutbound");
}

}  // namespace
}  // namespace proa::mesh
