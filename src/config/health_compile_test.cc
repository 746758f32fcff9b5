#include "config/health_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using upstream::HealthCheckSpec;

struct HealthCompile : CompileTest {
  /// One check; `fields` beside what Envoy demands of every check.
  std::shared_ptr<const HealthCheckSpec> check(const std::string& fields) {
    problems = {};
    checks_ = compile_health_checks(
        read<envoy::config::cluster::v3::Cluster>("{name: c, health_checks: [{timeout: 3s, interval: 7s, "
                                                  "unhealthy_threshold: 4, healthy_threshold: 5, " +
                                                  fields + "}]}"),
        at);
    return checks_.at(0);
  }
  std::shared_ptr<const HealthCheckSpec> http(const std::string& fields = "") {
    return check("http_health_check: {path: /up" + (fields.empty() ? "" : ", " + fields) + "}");
  }
  std::shared_ptr<const upstream::OutlierSpec> outlier(const std::string& fields) {
    problems = {};
    return compile_outlier_detection(
        read<envoy::config::cluster::v3::Cluster>("{name: c, outlier_detection: {" + fields + "}}"), at, compiler);
  }
  std::vector<std::shared_ptr<const HealthCheckSpec>> checks_;
};

TEST_F(HealthCompile, defaults_are_envoys) {
  const auto to = http();
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->timeout, Milliseconds(3000));
  EXPECT_EQ(to->interval, Milliseconds(7000));
  EXPECT_EQ(to->unhealthy_threshold, 4U);
  EXPECT_EQ(to->healthy_threshold, 5U);
  EXPECT_EQ(to->no_traffic_interval, Milliseconds(60'000));
  for (Milliseconds as_another : {to->no_traffic_healthy_interval, to->unhealthy_interval, to->unhealthy_edge_interval,
                                  to->healthy_edge_interval}) {
    EXPECT_EQ(as_another, kNever);
  }
  EXPECT_EQ(to->initial_jitter, Milliseconds(0));
  EXPECT_EQ(to->interval_jitter, Milliseconds(0));
  EXPECT_TRUE(to->reuse_connection);
  EXPECT_FALSE(to->always_log_failures || to->always_log_successes || to->http2 || to->service_name);
  EXPECT_EQ(to->kind, HealthCheckSpec::Kind::kHttp);
  EXPECT_EQ(to->method, "GET");
  EXPECT_EQ(to->host, "");
  ASSERT_EQ(to->expected.size(), 1U);
  EXPECT_EQ(to->expected[0].first, 200);
  EXPECT_EQ(to->expected[0].end, 201);
  EXPECT_TRUE(to->retriable.empty() && to->alpn.empty() && to->event_log_path.empty());
}

TEST_F(HealthCompile, times_and_logs) {
  const auto to = check(
      "initial_jitter: 0.1s, interval_jitter: 0.2s, interval_jitter_percent: 9, no_traffic_interval: 1s, "
      "no_traffic_healthy_interval: 2s, unhealthy_interval: 3s, unhealthy_edge_interval: 4s, healthy_edge_interval: "
      "5s, reuse_connection: false, alt_port: 8081, event_log_path: /x.log, always_log_health_check_failures: true, "
      "always_log_health_check_success: true, tls_options: {alpn_protocols: [h2, http/1.1]}, tcp_health_check: {}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->initial_jitter, Milliseconds(100));
  EXPECT_EQ(to->interval_jitter, Milliseconds(200));
  EXPECT_EQ(to->interval_jitter_percent, 9U);
  EXPECT_EQ(to->no_traffic_interval, Milliseconds(1000));
  EXPECT_EQ(to->no_traffic_healthy_interval, Milliseconds(2000));
  EXPECT_EQ(to->unhealthy_interval, Milliseconds(3000));
  EXPECT_EQ(to->unhealthy_edge_interval, Milliseconds(4000));
  EXPECT_EQ(to->healthy_edge_interval, Milliseconds(5000));
  EXPECT_FALSE(to->reuse_connection);
  EXPECT_EQ(to->alt_port, 8081);
  EXPECT_EQ(to->event_log_path, "/x.log");
  EXPECT_TRUE(to->always_log_failures && to->always_log_successes);
  EXPECT_THAT(to->alpn, ElementsAre("h2", "http/1.1"));
}

TEST_F(HealthCompile, a_port_above_all_ports) {
  check("alt_port: 65537, tcp_health_check: {}");
  EXPECT_EQ(problem_lines(), "health_checks[0].alt_port: is 65537, above the highest port 65535\n");
}

TEST_F(HealthCompile, requests) {
  const auto to = http(
      "host: h.test, method: HEAD, codec_client_type: HTTP2, request_headers_to_add: [{header: {key: X-A, value: b}}], "
      "request_headers_to_remove: [User-Agent], expected_statuses: [{start: 200, end: 205}, {start: 302, end: 303}], "
      "retriable_statuses: [{start: 503, end: 504}], receive: [{text: '6f'}, {binary: aw==}]");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->path, "/up");
  EXPECT_EQ(to->host, "h.test");
  EXPECT_EQ(to->method, "HEAD");
  EXPECT_TRUE(to->http2);
  EXPECT_THAT(to->headers_to_add, ElementsAre(Pair("x-a", "b")));
  EXPECT_THAT(to->headers_to_remove, ElementsAre("user-agent"));
  ASSERT_EQ(to->expected.size(), 2U);
  EXPECT_EQ(to->expected[1].first, 302);
  EXPECT_EQ(to->retriable.at(0).end, 504);
  EXPECT_EQ(to->expected_body, "ok") << "parts are one text";
}

TEST_F(HealthCompile, ranges_that_hold_no_status) {
  for (const char* range : {"{start: 99, end: 200}", "{start: 200, end: 601}", "{start: 300, end: 300}",
                            "{start: 65736, end: 65737}", "{start: -1, end: 5}"}) {
    http("expected_statuses: [{start: 200, end: 201}, " + std::string(range) + "]");
    EXPECT_THAT(problem_lines(), HasSubstr("health_checks[0].http_health_check.expected_statuses[1]: from ")) << range;
  }
  http("retriable_statuses: [{start: 0, end: 100}]");
  EXPECT_THAT(problem_lines(), HasSubstr("http_health_check.retriable_statuses[0]: from 0 to below 100 is no range"));
}

TEST_F(HealthCompile, headers_that_a_probe_cannot_make) {
  http("request_headers_to_add: [{header: {key: a, value: b}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}]");
  EXPECT_EQ(problem_lines(),
            "health_checks[0].http_health_check.request_headers_to_add[0]: can only be added to what is there\n");
  http("request_headers_to_add: [{header: {key: a, value: '%PROTOCOL%'}}]");
  EXPECT_THAT(problem_lines(), HasSubstr("request_headers_to_add[0].header.value: \"%PROTOCOL%\": probes have no"));
  http("request_headers_to_add: [{header: {key: a, value: b}, append: true}]");
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(HealthCompile, who_answers_is_matched_in_every_way) {
  for (const char* matcher : {"exact: shop-eu", "prefix: shop", "suffix: -eu", "contains: op-e",
                              "safe_regex: {regex: 's.*u'}", "exact: SHOP-EU, ignore_case: true"}) {
    const auto to = http("service_name_matcher: {" + std::string(matcher) + "}");
    EXPECT_EQ(problem_lines(), "") << matcher;
    ASSERT_TRUE(to->service_name) << matcher;
    EXPECT_TRUE(to->service_name->matches("shop-eu")) << matcher;
    EXPECT_FALSE(to->service_name->matches("other")) << matcher;
  }
  http("service_name_matcher: {safe_regex: {regex: '('}}");
  EXPECT_THAT(problem_lines(), HasSubstr("health_checks[0].http_health_check.service_name_matcher"));
}

TEST_F(HealthCompile, bytes_over_tcp) {
  EXPECT_EQ(check("tcp_health_check: {}")->kind, HealthCheckSpec::Kind::kTcp) << "connecting is enough";
  const auto to = check("tcp_health_check: {send: {binary: cGluZw==}, receive: [{text: '706f'}, {text: '6E67'}]}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->send, "ping");
  EXPECT_THAT(to->receive, ElementsAre("po", "ng"));
  check("tcp_health_check: {receive: [{text: '00'}, {text: 'zz'}]}");
  EXPECT_EQ(problem_lines(),
            "health_checks[0].tcp_health_check.receive[1].text: is not an even number of hex digits\n");
}

TEST_F(HealthCompile, grpc) {
  const auto to = check(
      "grpc_health_check: {service_name: s, authority: a.test, initial_metadata: [{header: {key: X-T, value: v}}]}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->kind, HealthCheckSpec::Kind::kGrpc);
  EXPECT_TRUE(to->http2) << "without being asked for";
  EXPECT_EQ(to->service, "s");
  EXPECT_EQ(to->authority, "a.test");
  EXPECT_THAT(to->headers_to_add, ElementsAre(Pair("x-t", "v")));
  check("grpc_health_check: {initial_metadata: [{header: {key: a, value: '%UPSTREAM_HOST%'}}]}");
  EXPECT_THAT(problem_lines(), HasSubstr("health_checks[0].grpc_health_check.initial_metadata[0].header.value: "));
}

TEST_F(HealthCompile, outliers_are_looked_for_only_when_asked) {
  EXPECT_FALSE(compile_outlier_detection(read<envoy::config::cluster::v3::Cluster>("{name: c}"), at, compiler));
}

TEST_F(HealthCompile, outlier_defaults_are_envoys) {
  const auto to = outlier("");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_TRUE(to);
  EXPECT_EQ(to->interval, Milliseconds(10'000));
  EXPECT_EQ(to->base_ejection_time, Milliseconds(30'000));
  EXPECT_EQ(to->max_ejection_time, Milliseconds(300'000));
  EXPECT_EQ(to->max_ejection_time_jitter, Milliseconds(0));
  EXPECT_EQ(to->max_ejection_percent, 10U);
  EXPECT_EQ(to->consecutive_5xx, 5U);
  EXPECT_EQ(to->enforcing_consecutive_5xx, 100U);
  EXPECT_EQ(to->consecutive_gateway_failure, 5U);
  EXPECT_EQ(to->enforcing_consecutive_gateway_failure, 0U);
  EXPECT_EQ(to->consecutive_local_origin_failure, 5U);
  EXPECT_EQ(to->enforcing_consecutive_local_origin_failure, 100U);
  EXPECT_EQ(to->success_rate_minimum_hosts, 5U);
  EXPECT_EQ(to->success_rate_request_volume, 100U);
  EXPECT_EQ(to->success_rate_stdev_factor, 1900U);
  EXPECT_EQ(to->enforcing_success_rate, 100U);
  EXPECT_EQ(to->enforcing_local_origin_success_rate, 100U);
  EXPECT_EQ(to->failure_percentage_threshold, 85U);
  EXPECT_EQ(to->enforcing_failure_percentage, 0U);
  EXPECT_EQ(to->enforcing_failure_percentage_local_origin, 0U);
  EXPECT_EQ(to->failure_percentage_minimum_hosts, 5U);
  EXPECT_EQ(to->failure_percentage_request_volume, 50U);
  EXPECT_TRUE(to->successful_active_health_check_uneject_host);
  EXPECT_FALSE(to->split_external_local_origin_errors || to->always_eject_one_host);
}

TEST_F(HealthCompile, outlier_fields) {
  bootstrap = read<envoy::config::bootstrap::v3::Bootstrap>(
      "{cluster_manager: {outlier_detection: {event_log_path: /ejections}}}");
  const auto to = outlier(
      "interval: 1s, base_ejection_time: 2s, max_ejection_time: 3s, max_ejection_time_jitter: 4s, "
      "max_ejection_percent: 1, consecutive_5xx: 2, enforcing_consecutive_5xx: 3, consecutive_gateway_failure: 4, "
      "enforcing_consecutive_gateway_failure: 5, split_external_local_origin_errors: true, "
      "consecutive_local_origin_failure: 6, enforcing_consecutive_local_origin_failure: 7, "
      "success_rate_minimum_hosts: 8, success_rate_request_volume: 9, success_rate_stdev_factor: 10, "
      "enforcing_success_rate: 11, enforcing_local_origin_success_rate: 12, failure_percentage_threshold: 13, "
      "enforcing_failure_percentage: 14, enforcing_failure_percentage_local_origin: 15, "
      "failure_percentage_minimum_hosts: 16, failure_percentage_request_volume: 17, always_eject_one_host: true, "
      "successful_active_health_check_uneject_host: false");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->interval, Milliseconds(1000));
  EXPECT_EQ(to->base_ejection_time, Milliseconds(2000));
  EXPECT_EQ(to->max_ejection_time, Milliseconds(3000));
  EXPECT_EQ(to->max_ejection_time_jitter, Milliseconds(4000));
  EXPECT_EQ(to->max_ejection_percent, 1U);
  EXPECT_EQ(to->consecutive_5xx, 2U);
  EXPECT_EQ(to->enforcing_consecutive_5xx, 3U);
  EXPECT_EQ(to->consecutive_gateway_failure, 4U);
  EXPECT_EQ(to->enforcing_consecutive_gateway_failure, 5U);
  EXPECT_EQ(to->consecutive_local_origin_failure, 6U);
  EXPECT_EQ(to->enforcing_consecutive_local_origin_failure, 7U);
  EXPECT_EQ(to->success_rate_minimum_hosts, 8U);
  EXPECT_EQ(to->success_rate_request_volume, 9U);
  EXPECT_EQ(to->success_rate_stdev_factor, 10U);
  EXPECT_EQ(to->enforcing_success_rate, 11U);
  EXPECT_EQ(to->enforcing_local_origin_success_rate, 12U);
  EXPECT_EQ(to->failure_percentage_threshold, 13U);
  EXPECT_EQ(to->enforcing_failure_percentage, 14U);
  EXPECT_EQ(to->enforcing_failure_percentage_local_origin, 15U);
  EXPECT_EQ(to->failure_percentage_minimum_hosts, 16U);
  EXPECT_EQ(to->failure_percentage_request_volume, 17U);
  EXPECT_TRUE(to->split_external_local_origin_errors && to->always_eject_one_host);
  EXPECT_FALSE(to->successful_active_health_check_uneject_host);
  EXPECT_EQ(to->event_log_path, "/ejections");
}

TEST_F(HealthCompile, the_longest_ejection_is_never_shorter_than_the_first) {
  EXPECT_EQ(outlier("base_ejection_time: 400s")->max_ejection_time, Milliseconds(400'000));
  EXPECT_EQ(problem_lines(), "");
  outlier("max_ejection_time: 20s");
  EXPECT_EQ(problem_lines(),
            "outlier_detection.max_ejection_time: is 20000 ms, below the base_ejection_time of 30000 ms\n");
}

}  // namespace
}  // namespace proa::config
