#include "config/filter_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"
#include "config/typed_payload.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "filters/all.h"
#include "filters/fake_exchange.h"
#include "observe/stats_text.h"

namespace proa::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

struct FilterCompile : CompileTest {
  static std::string any(const std::string& type, const std::string& fields = "") {
    return "{\"@type\": type.googleapis.com/envoy.extensions.filters.http." + type +
           (fields.empty() ? "" : ", " + fields) + "}";
  }
  static std::string wrapped(const std::string& fields) {
    return "{\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig, " + fields + "}";
  }
  std::unique_ptr<filters::Filter> filter(const std::string& type, const std::string& fields = "") {
    problems = {};
    const auto message = open_any(read<google::protobuf::Any>(any(type, fields)));
    return compile_http_filter(*message->message, "edge", at, compiler);
  }
  /// What a route says for the filter "f".
  route::PerFilter of_route(const std::string& any) {
    problems = {};
    const auto route = read<envoy::config::route::v3::Route>("{typed_per_filter_config: {f: " + any + "}}");
    return compile_per_filter(route.typed_per_filter_config(), at, compiler);
  }
  /// The same as the configuration of one filter; lives as long as the test.
  template <class Config>
  const Config& part(const std::string& type, const std::string& fields) {
    kept_ = of_route(any(type, fields));
    const auto* config = dynamic_cast<const Config*>(kept_.find("f"));
    if (config == nullptr) throw std::runtime_error("no " + type);
    return *config;
  }
  route::PerFilter kept_;
};

TEST_F(FilterCompile, every_filter_is_made) {
  for (const char* type : {"cors.v3.Cors", "rbac.v3.RBAC", "fault.v3.HTTPFault", "local_ratelimit.v3.LocalRateLimit",
                           "header_mutation.v3.HeaderMutation", "buffer.v3.Buffer", "health_check.v3.HealthCheck"}) {
    EXPECT_TRUE(filter(type)) << type;
    EXPECT_EQ(problem_lines(), "") << type;
  }
}

TEST_F(FilterCompile, cors) {
  const auto& to = part<route::CorsPolicy>(
      "cors.v3.CorsPolicy",
      "allow_origin_string_match: [{exact: 'https://a.test'}, {suffix: .b.test}], allow_methods: 'GET, PUT', "
      "allow_headers: x-a, expose_headers: x-b, max_age: '60', allow_credentials: true, allow_private_network_access: "
      "true, forward_not_matching_preflights: false, filter_enabled: {default_value: {numerator: 5}}, shadow_enabled: "
      "{default_value: {numerator: 7, denominator: MILLION}, runtime_key: k}");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to.allow_origins.size(), 2U);
  EXPECT_TRUE(to.allow_origins[1].matches("https://x.b.test"));
  EXPECT_EQ(to.allow_methods, "GET, PUT");
  EXPECT_EQ(to.allow_headers, "x-a");
  EXPECT_EQ(to.expose_headers, "x-b");
  EXPECT_EQ(to.max_age, "60");
  EXPECT_EQ(to.allow_credentials, true);
  EXPECT_EQ(to.allow_private_network, true);
  EXPECT_EQ(to.forward_not_matching_preflights, false);
  EXPECT_EQ(to.enabled->fallback.numerator, 5U);
  EXPECT_EQ(to.shadow->fallback.denominator, 1'000'000U);
  EXPECT_EQ(to.shadow->runtime_key, "k");
  const auto& none = part<route::CorsPolicy>("cors.v3.CorsPolicy", "");
  EXPECT_FALSE(none.allow_credentials || none.allow_private_network || none.forward_not_matching_preflights ||
               none.enabled || none.shadow)
      << "what is not set is left to the next level";
  part<route::CorsPolicy>("cors.v3.CorsPolicy", "allow_origin_string_match: [{exact: a}, {safe_regex: {regex: '('}}]");
  EXPECT_THAT(problem_lines(), HasSubstr("f.allow_origin_string_match[1]")) << problem_lines();
}

TEST_F(FilterCompile, faults) {
  const auto& to = part<filters::FaultConfig>(
      "fault.v3.HTTPFault",
      "delay: {fixed_delay: 0.2s, percentage: {numerator: 30}}, abort: {http_status: 503, percentage: {numerator: 4, "
      "denominator: TEN_THOUSAND}}, upstream_cluster: backend, headers: [{name: x-f, present_match: true}], "
      "max_active_faults: 3");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to.delay, Milliseconds(200));
  EXPECT_EQ(to.delay_share.fallback.numerator, 30U);
  EXPECT_EQ(to.abort_status, 503);
  EXPECT_FALSE(to.abort_grpc);
  EXPECT_EQ(to.abort_share.fallback.denominator, 10'000U);
  EXPECT_EQ(to.upstream_cluster, "backend");
  EXPECT_EQ(to.headers.size(), 1U);
  EXPECT_EQ(to.max_active, 3U);
  const auto& grpc = part<filters::FaultConfig>("fault.v3.HTTPFault", "abort: {grpc_status: 0}");
  EXPECT_EQ(grpc.abort_grpc, 0);
  EXPECT_FALSE(grpc.abort_status);
  EXPECT_EQ(grpc.abort_share.fallback.numerator, 0U) << "no percentage: none, as by Envoy";
  EXPECT_EQ(grpc.max_active, UINT32_MAX);
  const auto& asked =
      part<filters::FaultConfig>("fault.v3.HTTPFault", "delay: {header_delay: {}}, abort: {header_abort: {}}");
  EXPECT_TRUE(asked.delay_from_header && asked.abort_from_header);
  EXPECT_FALSE(asked.delay || asked.abort_status || asked.abort_grpc);
}

TEST_F(FilterCompile, rbac) {
  const std::string rules = "{policies: {p: {permissions: [{any: true}], principals: [{any: true}]}}}";
  const auto& to =
      part<filters::RbacConfig>("rbac.v3.RBACPerRoute", "rbac: {rules: " + rules + ", shadow_rules: " + rules +
                                                            ", shadow_rules_stat_prefix: s_}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_TRUE(to.rules && to.shadow);
  EXPECT_EQ(to.shadow_prefix, "s_");
  const auto& open = part<filters::RbacConfig>("rbac.v3.RBACPerRoute", "");
  EXPECT_FALSE(open.rules || open.shadow) << "without rules nothing is enforced";
  part<filters::RbacConfig>(
      "rbac.v3.RBACPerRoute",
      "rbac: {rules: {policies: {p: {permissions: [{destination_port_range: {start: 9, end: 9}}], principals: [{any: "
      "true}]}}}}");
  EXPECT_EQ(problem_lines(),
            "f.rbac.rules.policies.p.permissions[0].destination_port_range: from 9 to below 9 is no range of ports\n");
}

TEST_F(FilterCompile, local_rate_limits) {
  compiler.service_cluster = "front";
  const auto& to = part<filters::LocalRateLimitConfig>(
      "local_ratelimit.v3.LocalRateLimit",
      "stat_prefix: mine, status: {code: ServiceUnavailable}, token_bucket: {max_tokens: 9, tokens_per_fill: 2, "
      "fill_interval: 1s}, descriptors: [{entries: [{key: a, value: b}, {key: c}], token_bucket: {max_tokens: 4, "
      "fill_interval: 1s}}], filter_enabled: {default_value: {numerator: 50}}, filter_enforced: {default_value: "
      "{numerator: 25}}, response_headers_to_add: [{header: {key: x-l, value: y}}], "
      "rate_limited_as_resource_exhausted: "
      "true, enable_x_ratelimit_headers: DRAFT_VERSION_03, stage: 6");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to.bucket->max(), 9U);
  EXPECT_EQ(to.status, 503);
  ASSERT_EQ(to.descriptors.size(), 1U);
  EXPECT_THAT(to.descriptors[0].entries, ElementsAre(Pair("a", "b"), Pair("c", "")));
  EXPECT_EQ(to.descriptors[0].bucket->max(), 4U);
  EXPECT_EQ(to.enabled->fallback.numerator, 50U);
  EXPECT_EQ(to.enforced->fallback.numerator, 25U);
  EXPECT_EQ(to.response_headers.steps().size(), 1U);
  EXPECT_TRUE(to.resource_exhausted && to.ratelimit_headers);
  EXPECT_EQ(to.stage, 6U);
  EXPECT_EQ(to.service_cluster, "front");
  EXPECT_EQ(to.stats->name().name, "mine");
}

TEST_F(FilterCompile, local_rate_limit_defaults_are_envoys) {
  const auto& to = part<filters::LocalRateLimitConfig>(
      "local_ratelimit.v3.LocalRateLimit", "stat_prefix: mine, token_bucket: {max_tokens: 1, fill_interval: 1s}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to.status, 429);
  EXPECT_FALSE(to.enabled || to.enforced || to.resource_exhausted || to.ratelimit_headers);
  EXPECT_EQ(to.stage, 0U);
  const auto& low = part<filters::LocalRateLimitConfig>(
      "local_ratelimit.v3.LocalRateLimit",
      "stat_prefix: mine, status: {code: OK}, token_bucket: {max_tokens: 1, fill_interval: 1s}");
  EXPECT_EQ(low.status, 429) << "nothing below 400 is answered";
}

TEST_F(FilterCompile, a_routes_own_rate_limit_has_a_bucket) {
  part<filters::LocalRateLimitConfig>("local_ratelimit.v3.LocalRateLimit", "stat_prefix: mine");
  EXPECT_EQ(problem_lines(), "f: has no token_bucket\n");
  EXPECT_TRUE(filter("local_ratelimit.v3.LocalRateLimit", "stat_prefix: mine"));
  EXPECT_EQ(problem_lines(), "") << "the filter's own may leave it to routes";
}

TEST_F(FilterCompile, header_mutations_keep_their_order) {
  const auto& to = part<filters::HeaderMutationConfig>(
      "header_mutation.v3.HeaderMutationPerRoute",
      "mutations: {request_mutations: [{append: {header: {key: a, value: '1'}}}, {remove: b}, {append: {header: {key: "
      "c, value: '2'}, append_action: ADD_IF_ABSENT}}], response_mutations: [{remove: d}]}");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to.request.steps().size(), 3U);
  EXPECT_EQ(to.request.steps()[0].name, "a");
  EXPECT_TRUE(to.request.steps()[1].remove);
  EXPECT_EQ(to.request.steps()[2].action, route::AppendAction::kAddIfAbsent);
  EXPECT_EQ(to.response.steps().at(0).name, "d");
  part<filters::HeaderMutationConfig>("header_mutation.v3.HeaderMutationPerRoute",
                                      "mutations: {response_mutations: [{remove: a}, {remove: ':path'}]}");
  EXPECT_THAT(problem_lines(), HasSubstr("f.mutations.response_mutations[1]"));
}

TEST_F(FilterCompile, buffers) {
  EXPECT_EQ(part<filters::BufferConfig>("buffer.v3.BufferPerRoute", "buffer: {max_request_bytes: 7}").max_bytes, 7U);
  EXPECT_TRUE(part<filters::BufferConfig>("buffer.v3.BufferPerRoute", "disabled: true").disabled);
  filters::FakeExchange x(filter("buffer.v3.Buffer", "max_request_bytes: 12"));
  x.request_head(false);
  EXPECT_EQ(x.buffer_limit, 12U);
}

TEST_F(FilterCompile, health_checks) {
  std::atomic<bool> failing{true};
  compiler.health_checks_fail = &failing;
  filters::FakeExchange x(filter("health_check.v3.HealthCheck",
                                 "pass_through_mode: true, headers: [{name: ':path', string_match: {exact: /hc}}]"));
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(x.request_head(), filters::Verdict::kContinue) << "no probe";
  x.head.path = "/hc";
  EXPECT_EQ(x.request_head(), filters::Verdict::kDone);
  EXPECT_EQ(x.reply->status, 503);
  failing = false;
  EXPECT_EQ(x.request_head(), filters::Verdict::kContinue) << "passed through";
}

TEST_F(FilterCompile, a_route_turns_a_filter_off_or_on) {
  const route::PerFilter off = of_route(wrapped("disabled: true"));
  EXPECT_EQ(problem_lines(), "");
  EXPECT_TRUE(off.find("f")->disabled);
  const route::PerFilter on = of_route(wrapped("config: {}"));
  EXPECT_EQ(problem_lines(), "");
  ASSERT_TRUE(on.find("f"));
  EXPECT_FALSE(on.find("f")->disabled);
  of_route(wrapped("is_optional: true"));
  EXPECT_EQ(problem_lines(), "f: has no config\n");
  const route::PerFilter wraps = of_route(wrapped("config: " + any("fault.v3.HTTPFault", "max_active_faults: 2")));
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(dynamic_cast<const filters::FaultConfig&>(*wraps.find("f")).max_active, 2U);
}

TEST_F(FilterCompile, a_filter_that_a_route_only_turns_on_keeps_its_own_configuration) {
  const route::PerFilter on = of_route(wrapped("config: {}"));
  for (const char* type : {"rbac.v3.RBAC", "fault.v3.HTTPFault", "local_ratelimit.v3.LocalRateLimit",
                           "header_mutation.v3.HeaderMutation"}) {
    filters::FakeExchange x(filter(type));
    x.of_route = on.find("f");
    EXPECT_EQ(x.request_head(), filters::Verdict::kContinue) << type;
  }
  filters::FakeExchange x(filter("buffer.v3.Buffer", "max_request_bytes: 12"));
  x.of_route = on.find("f");
  x.request_head(false);
  EXPECT_EQ(x.buffer_limit, 12U);
}

TEST_F(FilterCompile, a_configuration_for_another_kind_of_filter_is_refused) {
  compiler.http_filters = {{"f", "envoy.extensions.filters.http.rbac.v3.RBAC"}};
  of_route(any("fault.v3.HTTPFault"));
  EXPECT_EQ(problem_lines(),
            "f: is for the filter envoy.extensions.filters.http.fault.v3.HTTPFault, but \"f\" is "
            "envoy.extensions.filters.http.rbac.v3.RBAC\n");
  of_route(wrapped("config: " + any("buffer.v3.BufferPerRoute")));
  EXPECT_THAT(problem_lines(), HasSubstr("f.config: is for the filter"));
  of_route(any("rbac.v3.RBACPerRoute"));
  EXPECT_EQ(problem_lines(), "");
  compiler.http_filters = {{"other", "envoy.extensions.filters.http.rbac.v3.RBAC"}};
  of_route(any("fault.v3.HTTPFault"));
  EXPECT_EQ(problem_lines(), "") << "a filter that is not there needs none";
}

TEST_F(FilterCompile, statistics_have_their_places) {
  const std::string deny = "rules: {action: DENY}, shadow_rules: {}, shadow_rules_stat_prefix: ";
  filters::FakeExchange first(filter("rbac.v3.RBAC", deny + "s."));
  filters::FakeExchange second(filter("rbac.v3.RBAC", deny + "t"));
  first.request_head();
  second.request_head();
  std::string text;
  observe::write_stats_text(registry, {}, text);
  EXPECT_THAT(text, HasSubstr("http.edge.rbac.allowed: 2\n"));
  EXPECT_THAT(text, HasSubstr("http.edge.rbac.s.shadow_denied: 1\n"));
  EXPECT_THAT(text, HasSubstr("http.edge.rbac.t.shadow_denied: 1\n"));
}

}  // namespace
}  // namespace proa::config
