#include "config/rate_limit_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

namespace limit = route::limit;
using testing::ElementsAre;
using testing::HasSubstr;

struct RateLimitCompile : CompileTest {
  std::vector<route::RateLimit> limits(const std::string& list) {
    problems = {};
    return compile_rate_limits(
        read<envoy::config::route::v3::RouteAction>("{cluster: c, rate_limits: [" + list + "]}").rate_limits(), at);
  }
  template <class Action>
  Action action(const std::string& yaml) {
    const auto compiled = limits("{actions: [{" + yaml + "}]}");
    EXPECT_EQ(problem_lines(), "");
    return std::get<Action>(compiled.at(0).actions.at(0));
  }
  static std::string text(const observe::Formatter& formatter) {
    std::string out;
    formatter.format(observe::StreamInfo{}, out);
    return out;
  }
};

TEST_F(RateLimitCompile, a_limit) {
  const auto to = limits(
      "{stage: 3, disable_key: k, actions: [{remote_address: {}}, {source_cluster: {}}]}, {actions: "
      "[{destination_cluster: {}}]}");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to.size(), 2U);
  EXPECT_EQ(to[0].stage, 3U);
  EXPECT_EQ(to[0].disable_key, "k");
  ASSERT_EQ(to[0].actions.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<limit::RemoteAddress>(to[0].actions[0]));
  EXPECT_TRUE(std::holds_alternative<limit::SourceCluster>(to[0].actions[1]));
  EXPECT_EQ(to[1].stage, 0U);
  EXPECT_EQ(to[1].fixed_hits_addend, 1U);
  EXPECT_FALSE(to[1].hits_addend || to[1].apply_on_stream_done);
  EXPECT_TRUE(std::holds_alternative<limit::DestinationCluster>(to[1].actions.at(0)));
}

TEST_F(RateLimitCompile, masked_addresses) {
  EXPECT_EQ(action<limit::MaskedRemoteAddress>("masked_remote_address: {}").v4_bits, 32);
  EXPECT_EQ(action<limit::MaskedRemoteAddress>("masked_remote_address: {}").v6_bits, 128);
  const auto to =
      action<limit::MaskedRemoteAddress>("masked_remote_address: {v4_prefix_mask_len: 0, v6_prefix_mask_len: 64}");
  EXPECT_EQ(to.v4_bits, 0);
  EXPECT_EQ(to.v6_bits, 64);
}

TEST_F(RateLimitCompile, parts_of_the_request) {
  const auto header = action<limit::RequestHeader>(
      "request_headers: {header_name: X-User, descriptor_key: user, skip_if_absent: true}");
  EXPECT_EQ(header.header, "x-user");
  EXPECT_EQ(header.key, "user");
  EXPECT_TRUE(header.skip_if_absent);
  const auto query =
      action<limit::QueryParameter>("query_parameters: {query_parameter_name: Page, descriptor_key: page}");
  EXPECT_EQ(query.parameter, "Page") << "names of parameters have upper and lower case";
  EXPECT_EQ(query.key, "page");
  EXPECT_FALSE(query.skip_if_absent);
}

TEST_F(RateLimitCompile, generic_keys) {
  EXPECT_EQ(action<limit::GenericKey>("generic_key: {descriptor_value: v}").key, "generic_key");
  const auto to = action<limit::GenericKey>("generic_key: {descriptor_key: mine, descriptor_value: 'a%%b'}");
  EXPECT_EQ(to.key, "mine");
  EXPECT_EQ(text(to.value), "a%b") << "a format string";
  limits("{actions: [{remote_address: {}}, {generic_key: {descriptor_value: '%NOTHING%'}}]}");
  EXPECT_THAT(problem_lines(), HasSubstr("[0].actions[1].generic_key.descriptor_value: "));
}

TEST_F(RateLimitCompile, headers_that_match) {
  const auto to = action<limit::HeaderValueMatch>(
      "header_value_match: {descriptor_value: v, headers: [{name: a, present_match: true}]}");
  EXPECT_EQ(to.key, "header_match");
  EXPECT_EQ(text(to.value), "v");
  EXPECT_TRUE(to.expect_match);
  EXPECT_EQ(to.headers.size(), 1U);
  const auto not_expected = action<limit::HeaderValueMatch>(
      "header_value_match: {descriptor_key: k, descriptor_value: v, expect_match: false, headers: [{name: a, "
      "present_match: true}]}");
  EXPECT_EQ(not_expected.key, "k");
  EXPECT_FALSE(not_expected.expect_match);
  limits(
      "{actions: [{header_value_match: {descriptor_value: v, headers: [{name: a, string_match: {safe_regex: {regex: "
      "'('}}}]}}]}");
  EXPECT_THAT(problem_lines(), HasSubstr("[0].actions[0].header_value_match.headers[0]"));
}

TEST_F(RateLimitCompile, parameters_that_match) {
  const auto to = action<limit::QueryValueMatch>(
      "query_parameter_value_match: {descriptor_value: v, expect_match: false, query_parameters: [{name: a, "
      "string_match: {prefix: x}}, {name: b, present_match: false}, {name: c}]}");
  EXPECT_EQ(to.key, "query_match");
  EXPECT_FALSE(to.expect_match);
  ASSERT_EQ(to.parameters.size(), 3U);
  EXPECT_TRUE(to.parameters[0].value->matches("xyz"));
  EXPECT_FALSE(to.parameters[1].value || to.parameters[1].present);
  EXPECT_TRUE(!to.parameters[2].value && to.parameters[2].present) << "presence is asked for";
  limits(
      "{actions: [{query_parameter_value_match: {descriptor_value: v, query_parameters: [{name: a, string_match: "
      "{safe_regex: {regex: '('}}}]}}]}");
  EXPECT_THAT(problem_lines(), HasSubstr("query_parameter_value_match.query_parameters[0].string_match"));
}

TEST_F(RateLimitCompile, metadata) {
  const auto to = action<limit::MetadataValue>(
      "metadata: {descriptor_key: k, metadata_key: {key: ns, path: [{key: a}, {key: b}]}, default_value: d, source: "
      "ROUTE_ENTRY, skip_if_absent: true}");
  EXPECT_EQ(to.key, "k");
  EXPECT_EQ(to.source, observe::MetadataSource::kRoute);
  EXPECT_EQ(to.space, "ns");
  EXPECT_THAT(to.path, ElementsAre("a", "b"));
  EXPECT_EQ(to.default_value, "d");
  EXPECT_TRUE(to.skip_if_absent);
  EXPECT_EQ(
      action<limit::MetadataValue>("metadata: {descriptor_key: k, metadata_key: {key: n, path: [{key: a}]}}").source,
      observe::MetadataSource::kDynamic);
}

}  // namespace
}  // namespace proa::config
