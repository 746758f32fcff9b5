#include "mesh/translate/inbound.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <nlohmann/json.hpp>

#include "mesh/translate/inbound_clusters.h"
#include "mesh/translate/test_captured.h"

namespace proa::mesh {
namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::config::listener::v3::Listener;
using testing::ElementsAre;
using testing::IsEmpty;

/// What istiod sent, but for the filter of an EnvoyFilter, which is not translated; Istio's messages as TypedStructs.
template <class Message>
std::vector<Message> sent(const std::string& file, const std::string& kind) {
  std::vector<Message> out;
  const auto all = nlohmann::json::parse(test_file(file));
  for (const auto& each : all.at(kind)) {
    const auto status = google::protobuf::util::JsonStringToMessage(each.dump(), &out.emplace_back());
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  return out;
}

template <class Message>
std::string difference(const std::vector<Message>& wanted, const std::vector<Message>& made) {
  if (wanted.size() != made.size()) return "not as many";
  std::string out;
  for (std::size_t i = 0; i < made.size(); ++i) {
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&out);
    differencer.Compare(wanted[i], made[i]);
  }
  return out;
}

struct CapturedInbound : Captured {
  CapturedInbound() {
    productpage = node;
    productpage.istio_filters = true;
    productpage.mesh_id = "cluster.local";
    ratings = productpage;
    ratings.mesh_id = "";
    ratings.addresses = {"127.0.3.1"};
    ratings.labels = {{"app", "ratings"}, {"version", "v1"}};
  }
  ProxyNode productpage, ratings;
};

TEST_F(CapturedInbound, is_what_istiod_sent_for_a_service) {
  EXPECT_EQ(difference(sent<Listener>("productpage_inbound.json", "listeners"), inbound_listeners(*world, productpage)),
            "");
  EXPECT_EQ(difference(sent<Cluster>("productpage_inbound.json", "clusters"), inbound_clusters(*world, productpage)),
            "");
}

TEST_F(CapturedInbound, is_what_istiod_sent_for_a_sidecar_with_listeners) {
  EXPECT_EQ(difference(sent<Listener>("ratings_inbound.json", "listeners"), inbound_listeners(*world, ratings)), "");
  EXPECT_EQ(difference(sent<Cluster>("ratings_inbound.json", "clusters"), inbound_clusters(*world, ratings)), "");
}

TEST_F(CapturedInbound, has_nothing_of_istios_for_a_proxy_that_does_not_know_it) {
  productpage.istio_filters = false;
  const auto listeners = inbound_listeners(*world, productpage);
  EXPECT_EQ(listeners.at(0).DebugString().find("istio.stats"), std::string::npos);
  EXPECT_EQ(listeners.at(0).DebugString().find("istio.metadata_exchange"), std::string::npos);
}

constexpr const char* kService = R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: shop}
spec:
  hosts: [a.shop.svc.cluster.local]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 90, name: tcp, protocol: TCP, targetPort: 9090},
          {number: 91, name: grpc, protocol: GRPC}, {number: 92, name: x, protocol: ""}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{address: 10.0.0.1}]
)";

ProxyNode node_at(std::string address) {
  ProxyNode node;
  node.addresses = {std::move(address)};
  node.ns = "shop";
  node.labels = {{"app", "a"}};
  return node;
}

/// "80 tls ALPN,ALPN http mtls" of each chain.
std::vector<std::string> chains(const Listener& listener) {
  std::vector<std::string> out;
  for (const auto& chain : listener.filter_chains()) {
    const auto& match = chain.filter_chain_match();
    std::string text = std::to_string(match.destination_port().value()) + " " + match.transport_protocol();
    for (const auto& protocol : match.application_protocols()) text += " " + protocol;
    const std::string& last = chain.filters().rbegin()->name();
    text += last == "envoy.filters.network.http_connection_manager" ? " -> http" : " -> tcp";
    if (chain.has_transport_socket()) text += " tls";
    out.push_back(text);
  }
  return out;
}

std::vector<std::string> chains_at(const Listener& listener, const std::string& port) {
  std::vector<std::string> out;
  for (std::string& text : chains(listener)) {
    if (text.starts_with(port + " ")) out.push_back(std::move(text));
  }
  return out;
}

TEST(Inbound, takes_plain_and_mutual_tls_by_default) {
  const auto listeners = inbound_listeners(*world_of(kService), node_at("10.0.0.1"));
  ASSERT_EQ(listeners.size(), 1);
  const std::string mesh = "istio istio-peer-exchange istio-http/1.0 istio-http/1.1 istio-h2";
  EXPECT_THAT(chains_at(listeners[0], "80"), ElementsAre("80 tls " + mesh + " -> http tls", "80 raw_buffer -> http"));
  EXPECT_THAT(chains_at(listeners[0], "9090"),
              ElementsAre("9090 tls " + mesh + " -> tcp tls", "9090 raw_buffer -> tcp", "9090 tls -> tcp"));
  EXPECT_THAT(
      chains_at(listeners[0], "92"),
      ElementsAre("92 tls istio-http/1.0 istio-http/1.1 istio-h2 -> http tls", "92 raw_buffer http/1.1 h2c -> http",
                  "92 tls istio-peer-exchange istio -> tcp tls", "92 raw_buffer -> tcp", "92 tls -> tcp"));
}

TEST(Inbound, takes_what_the_port_is_told_to) {
  const std::string peer = R"(
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: a, namespace: shop}
spec:
  selector: {matchLabels: {app: a}}
  mtls: {mode: STRICT}
  portLevelMtls: {80: {mode: DISABLE}, 81: {mode: DISABLE}}
)";
  const auto listeners = inbound_listeners(*world_of(kService + peer), node_at("10.0.0.1"));
  EXPECT_THAT(chains_at(listeners.at(0), "80"), ElementsAre("80 raw_buffer -> http"));
  EXPECT_THAT(chains_at(listeners.at(0), "81"),
              ElementsAre("81 raw_buffer http/1.1 h2c -> http", "81 raw_buffer -> tcp"));
  EXPECT_THAT(chains_at(listeners.at(0), "91"), ElementsAre("91 tls -> http tls"));
  EXPECT_THAT(chains_at(listeners.at(0), "0"),
              ElementsAre("0 tls istio-http/1.0 istio-http/1.1 istio-h2 -> http tls", "0 tls -> tcp tls"));
}

constexpr const char* kSidecar = R"(
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: a, namespace: shop}
spec:
  workloadSelector: {labels: {app: a}}
  inboundConnectionPool: {http: {http2MaxRequests: 7}}
  ingress:
  - port: {number: 80, name: http, protocol: HTTP}
    defaultEndpoint: unix:///run/a
  - port: {number: 443, name: https, protocol: HTTPS}
    bind: 0.0.0.0
    captureMode: NONE
    defaultEndpoint: 127.0.0.1:8443
    tls: {mode: SIMPLE, serverCertificate: /c, privateKey: /k}
)";
constexpr const char* kPlain = R"(
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: DISABLE}}
)";

TEST(Inbound, listens_where_its_sidecar_says) {
  const auto world = world_of(std::string(kService) + kSidecar + kPlain);
  const auto listeners = inbound_listeners(*world, node_at("10.0.0.1"));
  ASSERT_EQ(listeners.size(), 2);
  EXPECT_THAT(chains_at(listeners[0], "80"), ElementsAre("80 raw_buffer -> http"));
  EXPECT_THAT(chains_at(listeners[0], "9090"), IsEmpty());
  EXPECT_EQ(listeners[0].filter_chains().rbegin()->name(), "10.0.0.1_80");
  EXPECT_EQ(listeners[1].name(), "0.0.0.0_443");
  EXPECT_EQ(listeners[1].address().socket_address().port_value(), 443);
  EXPECT_THAT(chains(listeners[1]), ElementsAre("443 tls -> http tls"));
  const auto clusters = inbound_clusters(*world, node_at("10.0.0.1"));
  ASSERT_EQ(clusters.size(), 2);
  EXPECT_EQ(clusters[0].load_assignment().endpoints(0).lb_endpoints(0).endpoint().address().pipe().path(), "/run/a");
  EXPECT_EQ(clusters[0].circuit_breakers().thresholds(0).max_requests().value(), 7);
}

TEST(Inbound, without_interception_only_a_sidecar_binds) {
  ProxyNode node = node_at("10.0.0.1");
  node.intercepts = false;
  EXPECT_THAT(inbound_listeners(*world_of(kService), node), IsEmpty());
  const auto listeners = inbound_listeners(*world_of(std::string(kService) + kSidecar + kPlain), node);
  ASSERT_EQ(listeners.size(), 2);
  EXPECT_EQ(listeners[0].name(), "10.0.0.1_80");
  EXPECT_THAT(listeners[0].listener_filters(), IsEmpty());
}

TEST(Inbound, speaks_http2_to_a_workload_that_serves_it) {
  const auto clusters = inbound_clusters(*world_of(kService), node_at("10.0.0.1"));
  ASSERT_EQ(clusters.size(), 4);
  EXPECT_EQ(clusters[1].name(), "inbound|91||");
  EXPECT_NE(clusters[1].DebugString().find("http2_protocol_options"), std::string::npos);
  EXPECT_THAT(inbound_clusters(*world_of(kService), node_at("10.0.0.2")), IsEmpty());
}

}  // namespace
}  // namespace proa::mesh
