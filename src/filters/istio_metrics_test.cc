#include "filters/istio_metrics.h"

#include <gtest/gtest.h>

#include "net/transport.h"
#include "observe/metadata.h"
#include "observe/registry.h"
#include "observe/stats_text.h"

namespace proa::filters {
namespace {

struct IstioMetricsTest : testing::Test {
  IstioMetricsTest() {
    config.stats = std::make_shared<observe::DynamicStats>(registry);
    config.self.workload = "front-v1";
    config.self.namespace_name = "shop";
    config.self.app = "front";
    request.authority = "back.shop";
    info.request = &request;
    info.downstream = &connection;
    info.response_code = 200;
    info.downstream_bytes = {.received = 100, .sent = 200};
    info.upstream_cluster_raw = "outbound|80||back.shop";
  }
  static std::shared_ptr<const observe::CelExpression> expression(std::string_view text) {
    return std::make_shared<const observe::CelExpression>(*observe::CelExpression::compile(text));
  }
  IstioMetricsConfig::Metric& metric(IstioMetric which) { return config.metrics[static_cast<size_t>(which)]; }
  /// The labels of the first series of that name, and its value after them.
  std::string series(const std::string& name) {
    std::string text;
    observe::StatsQuery query;
    query.used_only = true;
    observe::write_stats_prometheus(registry, query, text);
    const size_t begin = text.find("\n" + name + "{");
    return begin == text.npos ? "" : text.substr(begin + 1, text.find('\n', begin + 1) - begin - 1);
  }
  static bool has(const std::string& line, const std::string& label, const std::string& value) {
    return line.find(label + "=\"" + value + "\"") != line.npos;
  }

  observe::Registry registry;
  IstioMetricsConfig config;
  Arena arena;
  http::RequestHead request{arena};
  net::ConnectionInfo connection;
  observe::StreamInfo info;
};

TEST_F(IstioMetricsTest, a_client_side_request) {
  observe::Metadata cluster, host;
  cluster.root["istio"]["services"] = {{{"host", "back.shop.svc"}, {"name", "back"}, {"namespace", "shop"}}};
  host.root["istio"]["workload"] = "back-1;shop;back;v2;east";
  info.cluster_metadata = &cluster;
  info.host_metadata = &host;
  IstioMetrics(config).request(info, std::nullopt);
  const std::string line = series("istio_requests_total");
  EXPECT_TRUE(has(line, "reporter", "source")) << line;
  EXPECT_TRUE(has(line, "source_workload", "front-v1")) << line;
  EXPECT_TRUE(has(line, "destination_workload", "back-1")) << line;
  EXPECT_TRUE(has(line, "destination_workload_namespace", "shop")) << line;
  EXPECT_TRUE(has(line, "destination_canonical_revision", "v2")) << line;
  EXPECT_TRUE(has(line, "destination_cluster", "east")) << line;
  EXPECT_TRUE(has(line, "destination_service", "back.shop.svc")) << line;
  EXPECT_TRUE(has(line, "destination_service_name", "back")) << line;
  EXPECT_TRUE(has(line, "response_code", "200")) << line;
  EXPECT_TRUE(has(line, "request_protocol", "http")) << line;
  EXPECT_TRUE(has(line, "connection_security_policy", "unknown")) << line;
  EXPECT_TRUE(has(line, "destination_principal", "unknown")) << line;
  EXPECT_TRUE(line.ends_with("} 1")) << line;
  EXPECT_TRUE(series("istio_request_bytes_sum").ends_with("} 100"));
  EXPECT_TRUE(series("istio_response_bytes_sum").ends_with("} 200"));
  EXPECT_NE(series("istio_request_duration_milliseconds_count"), "");
}

TEST_F(IstioMetricsTest, a_server_side_request_over_mutual_tls) {
  config.reporter = IstioMetricsConfig::Reporter::kDestination;
  auto tls = std::make_shared<net::TlsInfo>();
  auto peer = std::make_shared<net::CertificateInfo>(), local = std::make_shared<net::CertificateInfo>();
  peer->uri_sans = {"spiffe://d/ns/other/sa/caller"};
  local->uri_sans = {"spiffe://d/ns/shop/sa/front"};
  tls->peer = peer;
  tls->local = local;
  connection.tls = tls;
  net::MeshPeer told;
  told.workload = "caller-v1";
  told.namespace_name = "not-believed";
  info.downstream_peer = &told;
  IstioMetrics(config).request(info, std::nullopt);
  const std::string line = series("istio_requests_total");
  EXPECT_TRUE(has(line, "reporter", "destination")) << line;
  EXPECT_TRUE(has(line, "source_workload", "caller-v1")) << line;
  EXPECT_TRUE(has(line, "source_workload_namespace", "other")) << "as the certificate says: " << line;
  EXPECT_TRUE(has(line, "source_principal", "spiffe://d/ns/other/sa/caller")) << line;
  EXPECT_TRUE(has(line, "destination_principal", "spiffe://d/ns/shop/sa/front")) << line;
  EXPECT_TRUE(has(line, "destination_workload", "front-v1")) << line;
  EXPECT_TRUE(has(line, "connection_security_policy", "mutual_tls")) << line;
}

TEST_F(IstioMetricsTest, the_host_stands_for_a_service_only_where_it_may) {
  IstioMetrics(config).request(info, std::nullopt);
  EXPECT_TRUE(has(series("istio_requests_total"), "destination_service", "back.shop"));
  observe::Registry other;
  config.stats = std::make_shared<observe::DynamicStats>(other);
  config.host_header_fallback = false;
  IstioMetrics(config).request(info, std::nullopt);
  std::string text;
  observe::write_stats_prometheus(other, {}, text);
  EXPECT_NE(text.find("destination_service=\"unknown\""), text.npos);
  config.stats.reset();  // before its registry
}

TEST_F(IstioMetricsTest, overrides_change_one_metric) {
  auto& requests = metric(IstioMetric::kRequests);
  requests.without[static_cast<size_t>(IstioLabel::kSourceApp)] = true;
  requests.instead[static_cast<size_t>(IstioLabel::kResponseCode)] =
      expression("response.code >= 200 ? '2xx' : 'other'");
  requests.more.emplace_back("x_extra", expression("request.host"));
  requests.more.emplace_back("x_none", expression("request.headers['none']"));
  metric(IstioMetric::kRequestBytes).dropped = true;
  IstioMetrics(config).request(info, std::nullopt);
  const std::string line = series("istio_requests_total");
  EXPECT_EQ(line.find("source_app"), line.npos);
  EXPECT_TRUE(has(line, "response_code", "2xx")) << line;
  EXPECT_TRUE(has(line, "x_extra", "back.shop")) << line;
  EXPECT_TRUE(has(line, "x_none", "unknown")) << line;
  EXPECT_EQ(series("istio_request_bytes_sum"), "");
  EXPECT_TRUE(has(series("istio_response_bytes_sum"), "source_app", "front"));
}

TEST_F(IstioMetricsTest, a_grpc_call_has_messages_and_a_status) {
  request.headers.add("content-type", "application/grpc");
  http::HeaderList trailers(arena);
  trailers.add("grpc-status", "5");
  info.response_trailers = &trailers;
  IstioMetrics(config).request(info, std::pair<uint64_t, uint64_t>{2, 3});
  EXPECT_TRUE(has(series("istio_requests_total"), "grpc_response_status", "5"));
  EXPECT_TRUE(has(series("istio_requests_total"), "request_protocol", "grpc"));
  EXPECT_TRUE(series("istio_request_messages_total").ends_with("} 2"));
  EXPECT_TRUE(series("istio_response_messages_total").ends_with("} 3"));
}

TEST_F(IstioMetricsTest, a_connection_is_counted_as_it_goes) {
  info.request = nullptr;
  IstioMetrics metrics(config);
  IstioMetrics::Relayed relayed;
  metrics.connection(info, false, relayed);
  EXPECT_TRUE(series("istio_tcp_connections_opened_total").ends_with("} 1"));
  EXPECT_EQ(series("istio_tcp_connections_closed_total"), "");
  info.downstream_bytes = {.received = 150, .sent = 300};
  info.set(observe::ResponseFlag::kUpstreamRemoteReset);
  metrics.connection(info, true, relayed);
  EXPECT_TRUE(series("istio_tcp_received_bytes_total").ends_with("} 150")) << series("istio_tcp_received_bytes_total");
  EXPECT_TRUE(series("istio_tcp_sent_bytes_total").ends_with("} 300"));
  EXPECT_TRUE(series("istio_tcp_connections_opened_total").ends_with("} 1"));
  EXPECT_TRUE(series("istio_tcp_connections_closed_total").ends_with("} 1"));
  EXPECT_TRUE(has(series("istio_tcp_connections_closed_total"), "request_protocol", "tcp"));
}

TEST_F(IstioMetricsTest, names_are_known) {
  EXPECT_EQ(istio_metric("requests_total"), IstioMetric::kRequests);
  EXPECT_EQ(istio_label("reporter"), IstioLabel::kReporter);
  EXPECT_FALSE(istio_metric("nothing"));
  EXPECT_FALSE(istio_label("nothing"));
}

}  // namespace
}  // namespace proa::filters
