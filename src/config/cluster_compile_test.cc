#include "config/cluster_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

using testing::HasSubstr;
using upstream::DiscoveryType;
using upstream::HealthCheckSpec;
using upstream::LbPolicy;
using upstream::UpstreamProtocol;

struct ClusterCompile : CompileTest {
  upstream::ClusterSpec compile(const std::string& fields) {
    return compile_cluster(read<envoy::config::cluster::v3::Cluster>("{name: c, " + fields + "}"), at, compiler);
  }
  static std::string endpoints(const std::string& address = "10.0.0.1", const std::string& more = "") {
    return "load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: " + address +
           ", port_value: 80}}}" + more + "}]}]}";
  }
  static std::string protocol(const std::string& options) {
    return "typed_extension_protocol_options: {envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {\"@type\": "
           "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, " +
           options + "}}";
  }
};

TEST_F(ClusterCompile, defaults) {
  const upstream::ClusterSpec to = compile(endpoints());
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to.name, "c");
  EXPECT_EQ(to.type, DiscoveryType::kStatic);
  EXPECT_EQ(to.connect_timeout, Milliseconds(5000));
  EXPECT_EQ(to.http->protocol, UpstreamProtocol::kHttp1);
  EXPECT_FALSE(to.dns || to.breakers || to.outlier || to.socket.tls || to.socket_options);
  ASSERT_EQ(to.assignment.localities.size(), 1U);
  const upstream::Endpoint& endpoint = to.assignment.localities[0].endpoints.at(0);
  EXPECT_EQ(endpoint.addresses.at(0).to_string(), "10.0.0.1:80");
  EXPECT_EQ(endpoint.weight, 1U);
}

TEST_F(ClusterCompile, endpoints_in_localities) {
  const upstream::ClusterSpec to = compile(
      "load_assignment: {endpoints: [{priority: 1, load_balancing_weight: 3, locality: {region: r, zone: z}, "
      "lb_endpoints: [{load_balancing_weight: 5, health_status: DRAINING, metadata: {filter_metadata: {envoy.lb: "
      "{canary: true}}}, endpoint: {hostname: h, health_check_config: {port_value: 99}, address: {pipe: {path: "
      "/run/x.sock}}}}]}], policy: {overprovisioning_factor: 200, drop_overloads: [{category: d, drop_percentage: "
      "{numerator: 5}}]}}");
  EXPECT_EQ(problem_lines(), "");
  const upstream::LocalityEndpoints& locality = to.assignment.localities.at(0);
  EXPECT_EQ(locality.priority, 1U);
  EXPECT_EQ(locality.weight, 3U);
  EXPECT_EQ(locality.locality.region, "r");
  const upstream::Endpoint& endpoint = locality.endpoints.at(0);
  EXPECT_EQ(endpoint.addresses.at(0).to_string(), "/run/x.sock");
  EXPECT_EQ(endpoint.weight, 5U);
  EXPECT_EQ(endpoint.status, upstream::HealthStatus::kDraining);
  EXPECT_EQ(endpoint.hostname, "h");
  EXPECT_EQ(endpoint.health_check->port, 99);
  EXPECT_TRUE(endpoint.metadata);
  EXPECT_EQ(to.assignment.overprovisioning_factor, 200U);
  EXPECT_EQ(to.assignment.drops.at(0).per_million, 50'000U);
}

TEST_F(ClusterCompile, names_are_for_dns_clusters) {
  const upstream::ClusterSpec dns = compile(
      "type: STRICT_DNS, dns_lookup_family: V4_PREFERRED, dns_refresh_rate: 3s, respect_dns_ttl: true, "
      "dns_failure_refresh_rate: {base_interval: 1s, max_interval: 4s}, " +
      endpoints("db.test"));
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(dns.assignment.localities.at(0).endpoints.at(0).dns_name, "db.test");
  EXPECT_EQ(dns.assignment.localities.at(0).endpoints.at(0).port, 80);
  EXPECT_EQ(dns.dns->family, upstream::DnsFamily::kV4Preferred);
  EXPECT_EQ(dns.dns->refresh_rate, Milliseconds(3000));
  EXPECT_TRUE(dns.dns->respect_ttl);
  EXPECT_EQ(dns.dns->failure_max, Milliseconds(4000));
  compile(endpoints("db.test"));
  EXPECT_THAT(problem_lines(),
              HasSubstr("load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.address: "));
}

TEST_F(ClusterCompile, endpoints_by_eds_are_for_eds_clusters) {
  compile("type: STATIC, eds_cluster_config: {service_name: x}, " + endpoints("127.0.0.1"));
  EXPECT_THAT(problem_lines(), HasSubstr("eds_cluster_config: is set in a cluster that is not of type EDS"));
}

TEST_F(ClusterCompile, original_destination) {
  const upstream::ClusterSpec to = compile(
      "type: ORIGINAL_DST, lb_policy: CLUSTER_PROVIDED, cleanup_interval: 9s, original_dst_lb_config: "
      "{use_http_header: "
      "true, http_header_name: X-Where, upstream_port_override: 88}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to.lb->policy, LbPolicy::kClusterProvided);
  EXPECT_TRUE(to.original_dst->use_header);
  EXPECT_EQ(to.original_dst->header_name, "x-where");
  EXPECT_EQ(to.original_dst->port_override, 88);
  EXPECT_EQ(to.original_dst->cleanup_interval, Milliseconds(9000));
}

TEST_F(ClusterCompile, protocols) {
  EXPECT_EQ(compile(protocol("explicit_http_config: {http2_protocol_options: {}}")).http->protocol,
            UpstreamProtocol::kHttp2);
  EXPECT_EQ(compile(protocol("explicit_http_config: {http_protocol_options: {}}")).http->protocol,
            UpstreamProtocol::kHttp1);
  EXPECT_EQ(compile(protocol("use_downstream_protocol_config: {}")).http->protocol, UpstreamProtocol::kUseDownstream);
  EXPECT_EQ(compile(protocol("auto_config: {}")).http->protocol, UpstreamProtocol::kAuto);
  EXPECT_EQ(compile("http2_protocol_options: {}").http->protocol, UpstreamProtocol::kHttp2) << "deprecated";
  const auto http =
      compile(protocol("explicit_http_config: {http_protocol_options: {}}, common_http_protocol_options: "
                       "{idle_timeout: 0s, max_requests_per_connection: 5}, "
                       "upstream_http_protocol_options: {auto_sni: true, override_auto_sni_header: X-Sni}"))
          .http;
  EXPECT_EQ(http->idle_timeout, kNever);
  EXPECT_EQ(http->max_requests_per_connection, 5U);
  EXPECT_TRUE(http->auto_sni && !http->auto_san_validation);
  EXPECT_EQ(http->auto_sni_header, "x-sni");
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(ClusterCompile, protocol_options_under_another_name) {
  compile(
      "typed_extension_protocol_options: {other: {\"@type\": "
      "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions}}");
  EXPECT_THAT(problem_lines(), HasSubstr("\"other\" is not known"));
}

TEST_F(ClusterCompile, breakers) {
  const auto breakers = compile(
                            "circuit_breakers: {thresholds: [{max_requests: 1, max_connection_pools: 7, "
                            "track_remaining: true}, {priority: HIGH, "
                            "max_requests: 2, retry_budget: {budget_percent: {value: 30}}}], per_host_thresholds: "
                            "[{max_connections: 4}]}")
                            .breakers;
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(breakers->of_default.max_requests, 1U);
  EXPECT_EQ(breakers->of_default.max_connections, 1024U);
  EXPECT_EQ(breakers->of_default.max_connection_pools, 7U);
  EXPECT_EQ(breakers->of_high.max_connection_pools, UINT32_MAX);
  EXPECT_TRUE(breakers->of_default.track_remaining && !breakers->of_default.retry_budget);
  EXPECT_EQ(breakers->of_high.max_requests, 2U);
  EXPECT_EQ(breakers->of_high.retry_budget->percent, 30);
  EXPECT_EQ(breakers->of_high.retry_budget->min_concurrency, 3U);
  EXPECT_EQ(breakers->max_connections_per_host, 4U);
}

TEST_F(ClusterCompile, health_checks) {
  const auto checks =
      compile(
          "health_checks: [{timeout: 1s, interval: 2s, healthy_threshold: 3, unhealthy_threshold: 4, "
          "http_health_check: {path: /up, host: h, expected_statuses: [{start: 200, end: 300}], "
          "codec_client_type: HTTP2}}, {timeout: 1s, interval: 2s, healthy_threshold: 1, "
          "unhealthy_threshold: 1, tcp_health_check: {send: {text: '00ff'}, receive: [{text: '4f4B'}]}}, "
          "{timeout: 1s, interval: 2s, healthy_threshold: 1, unhealthy_threshold: 1, "
          "grpc_health_check: {service_name: s, authority: a}}]")
          .health_checks;
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(checks.size(), 3U);
  EXPECT_EQ(checks[0]->kind, HealthCheckSpec::Kind::kHttp);
  EXPECT_EQ(checks[0]->path, "/up");
  EXPECT_TRUE(checks[0]->http2);
  EXPECT_EQ(checks[0]->expected.at(0).end, 300);
  EXPECT_EQ(checks[0]->healthy_threshold, 3U);
  EXPECT_EQ(checks[0]->unhealthy_threshold, 4U);
  EXPECT_EQ(checks[1]->kind, HealthCheckSpec::Kind::kTcp);
  EXPECT_EQ(checks[1]->send, std::string("\0\xff", 2));
  EXPECT_EQ(checks[1]->receive.at(0), "OK");
  EXPECT_EQ(checks[2]->kind, HealthCheckSpec::Kind::kGrpc);
  EXPECT_EQ(checks[2]->service, "s");
}

TEST_F(ClusterCompile, bytes_that_are_no_hex) {
  for (const char* text : {"0", "0g", "-1", "0x12", " 1"}) {
    problems = {};
    compile(
        "health_checks: [{timeout: 1s, interval: 1s, healthy_threshold: 1, unhealthy_threshold: 1, "
        "tcp_health_check: {send: {text: '" +
        std::string(text) + "'}}}]");
    EXPECT_THAT(problem_lines(),
                HasSubstr("health_checks[0].tcp_health_check.send.text: is not an even number of hex digits"))
        << text;
  }
}

TEST_F(ClusterCompile, sockets) {
  const upstream::ClusterSpec to = compile(
      "upstream_bind_config: {source_address: {address: 10.1.1.1, port_value: 0}}, upstream_connection_options: "
      "{tcp_keepalive: {keepalive_time: 5}}, transport_socket_matches: [{name: m, match: {tier: gold}, "
      "transport_socket: {name: r, "
      "typed_config: {\"@type\": "
      "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}}}]");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to.socket_options->source.ip(), "10.1.1.1");
  EXPECT_EQ(to.socket_options->keep_alive->idle, std::chrono::seconds(5));
  EXPECT_EQ(to.socket_matches.at(0).match, (upstream::SubsetValues{{"tier", "\"gold\""}}));
  compile("upstream_bind_config: {source_address: {address: here, port_value: 0}}");
  EXPECT_THAT(problem_lines(), HasSubstr("upstream_bind_config.source_address: "));
}

TEST_F(ClusterCompile, a_change_changes_the_hash) {
  EXPECT_EQ(compile(endpoints()).config_hash, compile(endpoints()).config_hash);
  EXPECT_NE(compile(endpoints()).config_hash, compile("connect_timeout: 1s, " + endpoints()).config_hash);
}

}  // namespace
}  // namespace proa::config
