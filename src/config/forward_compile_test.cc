#include "config/forward_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

struct ForwardCompile : CompileTest {
  /// RouteAction with `fields`, for a route that matches a prefix.
  route::Forward compile(const std::string& fields) {
    problems = {};
    return compile_forward(read<envoy::config::route::v3::RouteAction>("{" + fields + "}"), match, at, compiler);
  }
  route::Forward forward(const std::string& fields = "") {
    return compile("cluster: backend" + (fields.empty() ? "" : ", " + fields));
  }
  route::RetryPolicy retry(const std::string& fields) {
    problems = {};
    return compile_retry(read<envoy::config::route::v3::RetryPolicy>("{" + fields + "}"), at);
  }
  std::vector<route::WeightedCluster> weighted(const std::string& clusters) {
    const route::Forward to = compile("weighted_clusters: {clusters: [" + clusters + "]}");
    return std::get<route::ToWeighted>(to.target).clusters;
  }
  static std::string predicate(const std::string& folder, const std::string& type, const std::string& fields = "") {
    return "{name: p, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.retry.host." + folder + ".v3." +
           type + (fields.empty() ? "" : ", " + fields) + "}}";
  }
  static std::string template_rewrite(const std::string& text) {
    return "path_rewrite_policy: {name: r, typed_config: {\"@type\": "
           "type.googleapis.com/envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig, "
           "path_template_rewrite: '" +
           text + "'}}";
  }
  route::RouteMatch match;
};

TEST_F(ForwardCompile, defaults_are_envoys) {
  const route::Forward to = forward();
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(std::get<route::ToCluster>(to.target).name, "backend");
  EXPECT_EQ(to.cluster_not_found_code, 503);
  EXPECT_EQ(to.timeout, Milliseconds(15'000));
  EXPECT_EQ(to.priority, route::Priority::kDefault);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(to.path_rewrite));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(to.host_rewrite));
  EXPECT_FALSE(to.idle_timeout || to.max_stream_duration || to.max_grpc_timeout || to.retry || to.metadata_match);
  EXPECT_FALSE(to.append_x_forwarded_host || to.include_virtual_host_rate_limits);
  EXPECT_TRUE(to.hash_policies.empty() && to.mirrors.empty() && to.upgrades.empty() && to.rate_limits.empty());
}

TEST_F(ForwardCompile, what_a_cluster_that_is_gone_answers) {
  EXPECT_EQ(forward("cluster_not_found_response_code: NOT_FOUND").cluster_not_found_code, 404);
  EXPECT_EQ(forward("cluster_not_found_response_code: INTERNAL_SERVER_ERROR").cluster_not_found_code, 500);
  EXPECT_EQ(forward("cluster_not_found_response_code: SERVICE_UNAVAILABLE").cluster_not_found_code, 503);
}

TEST_F(ForwardCompile, a_cluster_out_of_a_header) {
  EXPECT_EQ(std::get<route::ToHeader>(compile("cluster_header: X-Where").target).header, "x-where");
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(ForwardCompile, a_cluster_that_is_not_there_is_told_with_one_of_a_similar_name) {
  compile("cluster: bakend");
  EXPECT_EQ(problem_lines(), "cluster: there is no cluster \"bakend\"\n");
  EXPECT_THAT(problems.all().at(0).fix, HasSubstr("backend"));
  compiler.validate_clusters = false;
  compile("cluster: bakend");
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(ForwardCompile, weights) {
  compiler.clusters.insert("other");
  const route::Forward to = compile(
      "weighted_clusters: {header_name: X-Random, clusters: [{name: backend, weight: 3, "
      "host_rewrite_literal: h.test, request_headers_to_add: [{header: {key: a, value: b}}], metadata_match: "
      "{filter_metadata: {envoy.lb: {v: '2'}}}}, {cluster_header: X-C, weight: 0}]}");
  EXPECT_EQ(problem_lines(), "");
  const auto& target = std::get<route::ToWeighted>(to.target);
  EXPECT_EQ(target.random_header, "x-random");
  EXPECT_FALSE(target.use_hash_policy);
  ASSERT_EQ(target.clusters.size(), 2U);
  EXPECT_EQ(target.clusters[0].name, "backend");
  EXPECT_EQ(target.clusters[0].weight, 3U);
  EXPECT_EQ(target.clusters[0].host_rewrite, "h.test");
  EXPECT_EQ(target.clusters[0].headers.request.steps().size(), 1U);
  EXPECT_TRUE(target.clusters[0].metadata_match);
  EXPECT_EQ(target.clusters[1].header, "x-c");
  EXPECT_EQ(target.clusters[1].weight, 0U);
}

TEST_F(ForwardCompile, weights_by_hash) {
  const route::Forward to =
      compile("weighted_clusters: {use_hash_policy: true, clusters: [{name: backend, weight: 1}]}");
  EXPECT_TRUE(std::get<route::ToWeighted>(to.target).use_hash_policy);
}

TEST_F(ForwardCompile, weights_that_cannot_be) {
  weighted("{name: backend, weight: 0}");
  EXPECT_EQ(problem_lines(), "weighted_clusters.clusters: the weights sum up to 0\n");
  weighted("{name: backend, weight: 4294967295}, {name: backend, weight: 1}");
  EXPECT_EQ(problem_lines(), "weighted_clusters.clusters: the weights sum up to 4294967296, above 4294967295\n");
  weighted("{name: backend, weight: 1}, {name: backend}");
  EXPECT_EQ(problem_lines(), "weighted_clusters.clusters[1]: has no weight\n");
  weighted("{name: backend, weight: 1}, {name: nowhere, weight: 1}");
  EXPECT_EQ(problem_lines(), "weighted_clusters.clusters[1].name: there is no cluster \"nowhere\"\n");
}

TEST_F(ForwardCompile, a_weighted_cluster_has_a_name_or_a_header) {
  weighted("{weight: 1}");
  EXPECT_EQ(problem_lines(), "weighted_clusters.clusters[0]: has none of name and cluster_header\n");
  weighted("{name: backend, cluster_header: c, weight: 1}");
  EXPECT_EQ(problem_lines(), "weighted_clusters.clusters[0]: has both of name and cluster_header\n");
}

TEST_F(ForwardCompile, path_rewrites) {
  EXPECT_EQ(std::get<route::PrefixRewrite>(forward("prefix_rewrite: /new").path_rewrite).prefix, "/new");
  EXPECT_TRUE(std::holds_alternative<http::RegexRewrite>(
      forward("regex_rewrite: {pattern: {regex: '^/a(.*)'}, substitution: '/b\\1'}").path_rewrite));
  EXPECT_EQ(problem_lines(), "");
  forward("regex_rewrite: {pattern: {regex: '('}, substitution: x}");
  EXPECT_THAT(problem_lines(), HasSubstr("regex_rewrite."));
  forward("prefix_rewrite: /new, regex_rewrite: {pattern: {regex: a}, substitution: b}");
  EXPECT_EQ(problem_lines(), ": has more than one of prefix_rewrite, regex_rewrite and path_rewrite_policy\n");
}

TEST_F(ForwardCompile, template_rewrites_need_a_template_that_matched) {
  forward(template_rewrite("/x/{lang}"));
  EXPECT_EQ(problem_lines(),
            "path_rewrite_policy.typed_config: rewrites by a template, but the route does not match one\n");
  match.path = route::PathTemplate{*route::UriTemplate::compile("/{lang}/{page}")};
  EXPECT_TRUE(
      std::holds_alternative<route::PathTemplateRewrite>(forward(template_rewrite("/{page}/{lang}")).path_rewrite));
  EXPECT_EQ(problem_lines(), "");
  forward(template_rewrite("/{nobody}"));
  EXPECT_THAT(problem_lines(), HasSubstr("path_rewrite_policy.typed_config.path_template_rewrite: "));
}

TEST_F(ForwardCompile, host_rewrites) {
  EXPECT_EQ(std::get<route::HostLiteral>(forward("host_rewrite_literal: h.test").host_rewrite).host, "h.test");
  EXPECT_TRUE(std::holds_alternative<route::HostAuto>(forward("auto_host_rewrite: true").host_rewrite));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(forward("auto_host_rewrite: false").host_rewrite));
  EXPECT_EQ(std::get<route::HostFromHeader>(forward("host_rewrite_header: X-H").host_rewrite).header, "x-h");
  EXPECT_TRUE(std::holds_alternative<route::HostFromPath>(
      forward("host_rewrite_path_regex: {pattern: {regex: '^/([^/]+).*'}, substitution: '\\1'}").host_rewrite));
  EXPECT_TRUE(forward("append_x_forwarded_host: true").append_x_forwarded_host);
  EXPECT_EQ(problem_lines(), "");
  forward("host_rewrite_path_regex: {pattern: {regex: a}, substitution: '\\3'}");
  EXPECT_THAT(problem_lines(), HasSubstr("host_rewrite_path_regex"));
}

TEST_F(ForwardCompile, timeouts) {
  const route::Forward to = forward(
      "timeout: 0.0005s, idle_timeout: 2s, max_grpc_timeout: 3s, grpc_timeout_offset: 0.5s, max_stream_duration: "
      "{max_stream_duration: 4s, grpc_timeout_header_max: 0s, grpc_timeout_header_offset: 0.1s}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to.timeout, Milliseconds(1)) << "rounded up: less than a millisecond is not off";
  EXPECT_EQ(to.idle_timeout, Milliseconds(2000));
  EXPECT_EQ(to.max_grpc_timeout, Milliseconds(3000));
  EXPECT_EQ(to.grpc_timeout_offset, Milliseconds(500));
  EXPECT_EQ(to.max_stream_duration->duration, Milliseconds(4000));
  EXPECT_EQ(to.max_stream_duration->grpc_header_max, Milliseconds(0)) << "any";
  EXPECT_EQ(to.max_stream_duration->grpc_header_offset, Milliseconds(100));
}

TEST_F(ForwardCompile, zero_turns_time_outs_off) {
  EXPECT_EQ(forward("timeout: 0s").timeout, kNever);
  EXPECT_EQ(forward("idle_timeout: 0s").idle_timeout, kNever);
  EXPECT_EQ(forward("max_stream_duration: {max_stream_duration: 0s}").max_stream_duration->duration, kNever);
  EXPECT_FALSE(forward("max_stream_duration: {grpc_timeout_header_max: 1s}").max_stream_duration->duration)
      << "the connection manager's counts";
}

TEST_F(ForwardCompile, retry_defaults) {
  const route::RetryPolicy to = retry("retry_on: 5xx");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to.on, uint32_t{route::kRetry5xx});
  EXPECT_EQ(to.num_retries, 1U);
  EXPECT_EQ(to.per_try_timeout, Milliseconds(0));
  EXPECT_EQ(to.base_interval, Milliseconds(25));
  EXPECT_EQ(to.max_interval, Milliseconds(250));
  EXPECT_EQ(to.host_selection_max_attempts, 1U);
  EXPECT_EQ(to.reset_max_interval, Milliseconds(300'000));
}

TEST_F(ForwardCompile, retry_fields) {
  const route::RetryPolicy to = retry(
      "retry_on: 'reset,unavailable', num_retries: 0, per_try_timeout: 1s, per_try_idle_timeout: 2s, retry_back_off: "
      "{base_interval: 0.0001s, max_interval: 3s}, rate_limited_retry_back_off: {reset_headers: [{name: Retry-After}, "
      "{name: X-Reset, format: UNIX_TIMESTAMP}], max_interval: 4s}, retriable_status_codes: [418, 503, 1000, 66036], "
      "retriable_headers: [{name: a, present_match: true}], retriable_request_headers: [{name: b, present_match: "
      "true}], host_selection_retry_max_attempts: 5");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to.on, uint32_t{route::kRetryReset | route::kRetryGrpcUnavailable});
  EXPECT_EQ(to.num_retries, 0U);
  EXPECT_EQ(to.per_try_timeout, Milliseconds(1000));
  EXPECT_EQ(to.per_try_idle_timeout, Milliseconds(2000));
  EXPECT_EQ(to.base_interval, Milliseconds(1));
  EXPECT_EQ(to.max_interval, Milliseconds(3000));
  ASSERT_EQ(to.reset_headers.size(), 2U);
  EXPECT_EQ(to.reset_headers[0].name, "retry-after");
  EXPECT_FALSE(to.reset_headers[0].unix_timestamp);
  EXPECT_TRUE(to.reset_headers[1].unix_timestamp);
  EXPECT_EQ(to.reset_max_interval, Milliseconds(4000));
  EXPECT_THAT(to.retriable_status_codes, ElementsAre(418, 503));
  EXPECT_EQ(to.retriable_headers.size(), 1U);
  EXPECT_EQ(to.retriable_request_headers.size(), 1U);
  EXPECT_EQ(to.host_selection_max_attempts, 5U);
}

TEST_F(ForwardCompile, retries_that_cannot_be) {
  retry("retry_back_off: {base_interval: 1s, max_interval: 0.5s}");
  EXPECT_EQ(problem_lines(), "retry_back_off.max_interval: is 500 ms, below the base_interval of 1000 ms\n");
  retry("retry_on: '5xx,someday'");
  EXPECT_THAT(problem_lines(), HasSubstr("retry_on: \"someday\" is no condition"));
  EXPECT_TRUE(problems.ok()) << "a warning: Envoy ignores it too";
  retry("retriable_headers: [{name: a, string_match: {safe_regex: {regex: '('}}}]");
  EXPECT_THAT(problem_lines(), HasSubstr("retriable_headers[0]"));
}

TEST_F(ForwardCompile, retry_host_predicates) {
  const route::RetryPolicy to =
      retry("retry_host_predicate: [" + predicate("previous_hosts", "PreviousHostsPredicate") + ", " +
            predicate("omit_canary_hosts", "OmitCanaryHostsPredicate") + ", " +
            predicate("omit_host_metadata", "OmitHostMetadataConfig",
                      "metadata_match: {filter_metadata: {envoy.lb: {canary: true, zone: z}}}") +
            ", {name: envoy.retry_host_predicates.previous_hosts}]");
  EXPECT_EQ(problem_lines(), "");
  using Predicate = route::RetryHostPredicate;
  EXPECT_THAT(to.host_predicates, ElementsAre(Predicate::kPreviousHosts, Predicate::kOmitCanaryHosts,
                                              Predicate::kOmitHostMetadata, Predicate::kPreviousHosts));
  EXPECT_THAT(to.omit_host_metadata, ElementsAre(Pair("canary", "true"), Pair("zone", "\"z\"")));
  retry("retry_host_predicate: [{name: mine}]");
  EXPECT_EQ(problem_lines(), "retry_host_predicate[0]: is not known\n");
}

TEST_F(ForwardCompile, hash_policies) {
  const route::Forward to = forward(
      "hash_policy: [{header: {header_name: X-User, regex_rewrite: {pattern: {regex: a}, substitution: b}}, terminal: "
      "true}, {cookie: {name: c, ttl: 60s, path: /p, attributes: [{name: SameSite, value: Lax}]}}, "
      "{connection_properties: {source_ip: true}}, {connection_properties: {source_ip: false}}, {query_parameter: "
      "{name: q}}, {filter_state: {key: k}}]");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to.hash_policies.size(), 5U) << "properties that are off hash nothing";
  const auto& header = std::get<route::HashHeader>(to.hash_policies[0].what);
  EXPECT_EQ(header.name, "x-user");
  EXPECT_TRUE(header.rewrite && to.hash_policies[0].terminal);
  const auto& cookie = std::get<route::HashCookie>(to.hash_policies[1].what);
  EXPECT_EQ(cookie.name, "c");
  EXPECT_EQ(cookie.ttl, std::chrono::seconds(60));
  EXPECT_EQ(cookie.path, "/p");
  EXPECT_THAT(cookie.attributes, ElementsAre(Pair("SameSite", "Lax")));
  EXPECT_FALSE(to.hash_policies[1].terminal);
  EXPECT_TRUE(std::holds_alternative<route::HashSourceIp>(to.hash_policies[2].what));
  EXPECT_EQ(std::get<route::HashQueryParameter>(to.hash_policies[3].what).name, "q");
  EXPECT_EQ(std::get<route::HashFilterState>(to.hash_policies[4].what).key, "k");
  const route::Forward found = forward("hash_policy: [{cookie: {name: c}}]");
  EXPECT_FALSE(std::get<route::HashCookie>(found.hash_policies.at(0).what).ttl) << "it is never made";
}

TEST_F(ForwardCompile, mirrors) {
  const route::Forward to = forward(
      "request_mirror_policies: [{cluster: backend}, {cluster_header: X-M, runtime_fraction: {default_value: "
      "{numerator: 5, denominator: TEN_THOUSAND}, runtime_key: k}, disable_shadow_host_suffix_append: true}]");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to.mirrors.size(), 2U);
  EXPECT_EQ(to.mirrors[0].cluster, "backend");
  EXPECT_FALSE(to.mirrors[0].fraction) << "all";
  EXPECT_TRUE(to.mirrors[0].append_shadow_suffix);
  EXPECT_EQ(to.mirrors[1].cluster_header, "x-m");
  EXPECT_EQ(to.mirrors[1].fraction->fallback.numerator, 5U);
  EXPECT_EQ(to.mirrors[1].fraction->fallback.denominator, 10'000U);
  EXPECT_EQ(to.mirrors[1].fraction->runtime_key, "k");
  EXPECT_FALSE(to.mirrors[1].append_shadow_suffix);
}

TEST_F(ForwardCompile, a_mirror_goes_to_one_cluster_that_is_there) {
  forward("request_mirror_policies: [{}]");
  EXPECT_EQ(problem_lines(), "request_mirror_policies[0]: has none of cluster and cluster_header\n");
  forward("request_mirror_policies: [{cluster: backend, cluster_header: h}]");
  EXPECT_EQ(problem_lines(), "request_mirror_policies[0]: has both of cluster and cluster_header\n");
  forward("request_mirror_policies: [{cluster: gone}]");
  EXPECT_EQ(problem_lines(), "request_mirror_policies[0].cluster: there is no cluster \"gone\"\n");
}

TEST_F(ForwardCompile, upgrades_and_the_rest) {
  const route::Forward to = forward(
      "upgrade_configs: [{upgrade_type: WebSocket}, {upgrade_type: other, enabled: false}], priority: HIGH, "
      "metadata_match: {filter_metadata: {envoy.lb: {v: '1'}}}, rate_limits: [{actions: [{remote_address: {}}]}], "
      "include_vh_rate_limits: true");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to.upgrades.size(), 2U);
  EXPECT_EQ(to.upgrades[0].type, "websocket");
  EXPECT_TRUE(to.upgrades[0].enabled);
  EXPECT_FALSE(to.upgrades[1].enabled);
  EXPECT_EQ(to.priority, route::Priority::kHigh);
  EXPECT_TRUE(to.metadata_match && to.include_virtual_host_rate_limits);
  EXPECT_EQ(to.rate_limits.size(), 1U);
}

}  // namespace
}  // namespace proa::config
