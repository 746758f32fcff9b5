#include "mesh/translate/gateway_listeners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"
#include "mesh/translate/gateway_sni_clusters.h"
#include "mesh/translate/test_gateway.h"

namespace proa::mesh {
namespace {

using envoy::config::listener::v3::Listener;
using envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
using envoy::extensions::transport_sockets::tls::v3::DownstreamTlsContext;
using testing::ElementsAre;
using testing::IsEmpty;

std::map<std::string, Listener> made(const World& world, const ProxyNode& node) {
  std::map<std::string, Listener> out;
  for (auto& listener : gateway_listeners(world, node, scope_of(world, node))) out.emplace(listener.name(), listener);
  return out;
}

DownstreamTlsContext tls_of(const Listener& listener, int chain = 0) {
  DownstreamTlsContext out;
  listener.filter_chains(chain).transport_socket().typed_config().UnpackTo(&out);
  return out;
}

TcpProxy proxy_of(const Listener& listener, int chain = 0) {
  TcpProxy out;
  const auto& filters = listener.filter_chains(chain).filters();
  filters[filters.size() - 1].typed_config().UnpackTo(&out);
  return out;
}

// Of the listener for AUTO_PASSTHROUGH the file has only the chains of two services.
TEST_F(CapturedGateway, listeners_say_what_istiod_said) {
  auto listeners = made(*world, node);
  auto& automatic = listeners.at("0.0.0.0_15443");
  EXPECT_EQ(automatic.filter_chains_size(), 17);
  auto& chains = *automatic.mutable_filter_chains();
  const auto rest = std::remove_if(chains.begin(), chains.end(), [](const auto& chain) {
    const std::string& name = chain.filter_chain_match().server_names(0);
    return name.find("_.5432_") == name.npos && name.find("_.27017_") == name.npos;
  });
  chains.erase(rest, chains.end());
  const auto wanted = sent_by_istiod<Listener>("gateway_listeners.json");
  for (const auto& [name, listener] : wanted) {
    ASSERT_TRUE(listeners.contains(name)) << name;
    EXPECT_EQ(differences(listener, listeners.at(name)), "") << name;
  }
  EXPECT_EQ(listeners.size(), wanted.size());
}

// AUTO_PASSTHROUGH sends to a cluster of each chain, which has no TLS of its own and only endpoints that take mTLS.
// But for the metadata exchange of TCP, as with other clusters (clusters_test.cc).
TEST_F(CapturedGateway, clusters_by_server_name_say_what_istiod_said) {
  std::map<std::string, envoy::config::cluster::v3::Cluster> clusters;
  std::map<std::string, envoy::config::endpoint::v3::ClusterLoadAssignment> endpoints;
  for (auto& each : gateway_sni_clusters(*world, node, scope_of(*world, node))) {
    const std::string name = each.cluster.name();
    clusters.emplace(name, each.cluster);
    if (each.endpoints) endpoints.emplace(name, *each.endpoints);
  }
  EXPECT_EQ(clusters.size(), 17U);
  for (const auto& [name, wanted] : sent_by_istiod<envoy::config::cluster::v3::Cluster>("gateway_sni_clusters.json")) {
    ASSERT_TRUE(clusters.contains(name)) << name;
    EXPECT_EQ(differences(wanted, clusters.at(name)), "") << name;
  }
  const auto count = [&](const std::string& name) {
    int out = 0;
    for (const auto& locality : endpoints.at(name).endpoints()) out += locality.lb_endpoints_size();
    return out;
  };
  EXPECT_EQ(count("outbound_.9080_._.reviews.shop.svc.cluster.local"), 3);
  EXPECT_EQ(count("outbound_.5432_._.db.shop.svc.cluster.local"), 0);  // no proxies there
}

TEST_F(CapturedGateway, listeners_are_for_routers_that_a_gateway_selects) {
  node.labels = {{"app", "gw"}};
  EXPECT_THAT(made(*world, node), IsEmpty());
  node.labels = {{"istio", "ingressgateway"}};
  node.type = ProxyNode::Type::sidecar;
  EXPECT_THAT(made(*world, node), IsEmpty());
}

TEST_F(CapturedGateway, listeners_have_nothing_of_istios_for_another_envoy) {
  node.istio_filters = false;
  for (const auto& [name, listener] : made(*world, node)) {
    EXPECT_EQ(listener.SerializeAsString().find("istio.stats"), std::string::npos) << name;
  }
}

ProxyNode router() {
  ProxyNode out;
  out.type = ProxyNode::Type::router;
  out.ns = "edge";
  out.addresses = {"10.0.0.1"};
  out.labels = {{"istio", "gw"}};
  return out;
}

std::string gateway(const std::string& name, const std::string& servers) {
  return "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: " + name +
         ", namespace: edge}\nspec:\n  selector: {istio: gw}\n  servers:\n" + servers + "---\n";
}

TEST(GatewayListeners, take_certificates_from_the_control_plane_by_credential_name) {
  const auto world = world_of(gateway("a", R"(
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [a.example.com]
    tls: {mode: MUTUAL, credentialName: edge-cert}
)"));
  const auto listeners = made(*world, router());
  const DownstreamTlsContext tls = tls_of(listeners.at("0.0.0.0_443"));
  EXPECT_TRUE(tls.require_client_certificate().value());
  const auto& common = tls.common_tls_context();
  EXPECT_EQ(common.tls_certificate_sds_secret_configs(0).name(), "kubernetes://edge-cert");
  EXPECT_TRUE(common.tls_certificate_sds_secret_configs(0).sds_config().has_ads());
  EXPECT_EQ(common.combined_validation_context().validation_context_sds_secret_config().name(),
            "kubernetes://edge-cert-cacert");
}

TEST(GatewayListeners, ask_for_a_client_certificate_and_take_none_with_optional_mutual) {
  const auto world = world_of(gateway("a", R"(
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [a.example.com]
    tls: {mode: OPTIONAL_MUTUAL, credentialName: edge-cert}
)"));
  const DownstreamTlsContext tls = tls_of(made(*world, router()).at("0.0.0.0_443"));
  EXPECT_FALSE(tls.require_client_certificate().value());
  EXPECT_TRUE(tls.common_tls_context().has_combined_validation_context());
}

TEST(GatewayListeners, keep_the_older_of_two_servers_that_are_in_each_others_way) {
  const auto world = world_of(gateway("a", R"(
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [a.example.com]
    tls: {mode: SIMPLE, credentialName: first}
)") + gateway("b", R"(
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [a.example.com, b.example.com]
    tls: {mode: SIMPLE, credentialName: second}
  - port: {number: 443, name: http, protocol: HTTP}
    hosts: [c.example.com]
  - port: {number: 443, name: other, protocol: HTTPS}
    hosts: [c.example.com]
    tls: {mode: SIMPLE, credentialName: third}
)"));
  const Listener listener = made(*world, router()).at("0.0.0.0_443");
  ASSERT_EQ(listener.filter_chains_size(), 2);
  EXPECT_THAT(listener.filter_chains(0).filter_chain_match().server_names(), ElementsAre("a.example.com"));
  EXPECT_THAT(listener.filter_chains(1).filter_chain_match().server_names(), ElementsAre("c.example.com"));
}

TEST(GatewayListeners, are_where_the_service_before_the_gateway_sends) {
  const auto world = world_of(gateway("a", R"(
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["*"]
)") + R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: gw, namespace: edge}
spec:
  hosts: [gw.edge.svc.cluster.local]
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1}]
)");
  EXPECT_THAT(made(*world, router()), ElementsAre(testing::Key("0.0.0.0_8080")));
}

TEST(GatewayListeners, bind_where_the_server_says) {
  const auto world = world_of(gateway("a", R"(
  - port: {number: 80, name: http, protocol: HTTP}
    bind: 127.0.0.1
    hosts: ["*"]
)"));
  const Listener listener = made(*world, router()).at("127.0.0.1_80");
  EXPECT_NE(listener.filter_chains(0).filters(0).typed_config().value().find("http.80.127.0.0.1"), std::string::npos);
}

TEST(GatewayListeners, split_bytes_by_weight_and_drop_what_nobody_routes) {
  const auto world = world_of(gateway("a", R"(
  - port: {number: 5432, name: db, protocol: TCP}
    hosts: ["*"]
  - port: {number: 5433, name: unused, protocol: TCP}
    hosts: ["*"]
)") + R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db, namespace: edge}
spec:
  hosts: ["*"]
  gateways: [a]
  tcp:
  - match: [{port: 5432}]
    route:
    - {destination: {host: db.example.com, port: {number: 1}}, weight: 90}
    - {destination: {host: db.example.com, port: {number: 2}}, weight: 10}
)");
  const auto listeners = made(*world, router());
  ASSERT_THAT(listeners, ElementsAre(testing::Key("0.0.0.0_5432")));
  const TcpProxy proxy = proxy_of(listeners.at("0.0.0.0_5432"));
  EXPECT_EQ(proxy.stat_prefix(), "db.edge");
  ASSERT_EQ(proxy.weighted_clusters().clusters_size(), 2);
  EXPECT_EQ(proxy.weighted_clusters().clusters(0).name(), "outbound|1||db.example.com");
}

// A Gateway of one namespace says whose routes it takes.
TEST(GatewayListeners, take_routes_of_the_namespace_that_the_host_names) {
  const std::string route = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db, namespace: NS}
spec:
  hosts: [db.example.com]
  gateways: [edge/a]
  tls:
  - match: [{sniHosts: [db.example.com]}]
    route: [{destination: {host: db.example.com, port: {number: 1}}}]
)";
  const std::string servers = gateway("a", R"(
  - port: {number: 443, name: tls, protocol: TLS}
    hosts: [shop/*.example.com]
    tls: {mode: PASSTHROUGH}
)");
  const auto of = [&](const std::string& ns) {
    std::string text = route;
    return made(*world_of(servers + text.replace(text.find("NS"), 2, ns)), router());
  };
  EXPECT_THAT(of("other"), IsEmpty());
  const auto listeners = of("shop");
  EXPECT_THAT(listeners.at("0.0.0.0_443").filter_chains(0).filter_chain_match().server_names(),
              ElementsAre("db.example.com"));
}

// Two chains for one server name would be a listener that every proxy refuses.
TEST(GatewayListeners, have_one_chain_for_a_server_name) {
  const auto world = world_of(gateway("a", R"(
  - port: {number: 443, name: pass, protocol: TLS}
    hosts: ["*.example.com"]
    tls: {mode: PASSTHROUGH}
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [shop/a.example.com]
    tls: {mode: SIMPLE, credentialName: cert}
  - port: {number: 443, name: again, protocol: HTTPS}
    hosts: [edge/a.example.com]
    tls: {mode: SIMPLE, credentialName: cert}
)") + R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db, namespace: shop}
spec:
  hosts: ["*.example.com"]
  gateways: [edge/a]
  tls:
  - match: [{sniHosts: [a.example.com]}, {sniHosts: [b.example.com]}]
    route: [{destination: {host: db.example.com, port: {number: 1}}}]
)");
  const Listener listener = made(*world, router()).at("0.0.0.0_443");
  ASSERT_EQ(listener.filter_chains_size(), 2);
  EXPECT_THAT(listener.filter_chains(0).filter_chain_match().server_names(), ElementsAre("b.example.com"));
  EXPECT_TRUE(listener.filter_chains(1).has_transport_socket());
}

}  // namespace
}  // namespace proa::mesh
