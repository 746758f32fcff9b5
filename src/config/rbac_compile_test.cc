#include "config/rbac_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"
#include "route/test_request.h"

namespace proa::config {
namespace {

namespace rbac = route::rbac;
using route::TestRequest;
using testing::ElementsAre;
using testing::HasSubstr;

struct RbacCompile : CompileTest {
  RbacCompile() {
    request.connection.local = address("10.0.0.1:8080");
    request.connection.remote = address("10.1.0.1:5");
    request.connection.direct_remote = address("10.2.0.1:5");
    request.info.remote_address = &client;
    request.connection.sni = "a.test";
  }
  static net::Address address(std::string_view text) { return net::Address::parse(text).value(); }
  std::shared_ptr<const rbac::Policies> compile(const std::string& fields) {
    problems = {};
    return compile_rbac(read<envoy::config::rbac::v3::RBAC>("{" + fields + "}"), at);
  }
  bool holds(const rbac::Rule& rule) { return rbac::matches(rule, {request.info}, http::ValuesMode::kEach); }
  /// Whether `request` has this permission.
  bool may(const std::string& permission) {
    const auto to = compile("policies: {p: {permissions: [{" + permission + "}], principals: [{any: true}]}}");
    return holds(to->policies.at(0).permissions.at(0));
  }
  /// Whether `request` comes from this principal.
  bool is(const std::string& principal) {
    const auto to = compile("policies: {p: {permissions: [{any: true}], principals: [{" + principal + "}]}}");
    return holds(to->policies.at(0).principals.at(0));
  }
  net::Address client = address("10.3.0.1:5");
  TestRequest request{"/a/b?q=1", "shop.test", {{"x-user", "ann"}}};
};

TEST_F(RbacCompile, actions) {
  EXPECT_EQ(compile("")->action, rbac::Action::kAllow);
  EXPECT_EQ(compile("action: DENY")->action, rbac::Action::kDeny);
  EXPECT_EQ(compile("action: LOG")->action, rbac::Action::kLog);
  EXPECT_TRUE(compile("")->policies.empty());
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(RbacCompile, policies_stand_in_the_order_of_their_names) {
  const auto to = compile(
      "policies: {b: {permissions: [{any: true}], principals: [{any: true}]}, a: {permissions: [{any: true}, {any: "
      "true}], principals: [{any: true}]}, c: {permissions: [{any: true}], principals: [{any: true}]}}");
  std::vector<std::string> names;
  for (const auto& policy : to->policies) names.push_back(policy.name);
  EXPECT_THAT(names, ElementsAre("a", "b", "c"));
  EXPECT_EQ(to->policies[0].permissions.size(), 2U);
}

TEST_F(RbacCompile, permissions) {
  EXPECT_TRUE(may("any: true"));
  EXPECT_TRUE(may("header: {name: x-user, string_match: {exact: ann}}"));
  EXPECT_FALSE(may("header: {name: x-user, string_match: {exact: bob}}"));
  EXPECT_TRUE(may("url_path: {path: {exact: /a/b}}"));
  EXPECT_FALSE(may("url_path: {path: {exact: /a}}"));
  EXPECT_TRUE(may("destination_ip: {address_prefix: 10.0.0.0, prefix_len: 24}"));
  EXPECT_FALSE(may("destination_ip: {address_prefix: 10.9.0.0, prefix_len: 24}"));
  EXPECT_TRUE(may("destination_port: 8080"));
  EXPECT_FALSE(may("destination_port: 80"));
  EXPECT_TRUE(may("requested_server_name: {suffix: .test}"));
  EXPECT_FALSE(may("requested_server_name: {exact: b.test}"));
  EXPECT_TRUE(
      may("uri_template: {name: t, typed_config: {\"@type\": "
          "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig, path_template: "
          "'/a/{x}'}}"));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(RbacCompile, ranges_of_ports_end_before_their_end) {
  EXPECT_TRUE(may("destination_port_range: {start: 8080, end: 8081}"));
  EXPECT_FALSE(may("destination_port_range: {start: 8000, end: 8080}"));
  EXPECT_TRUE(may("destination_port_range: {start: 0, end: 65536}"));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(RbacCompile, ranges_of_ports_that_are_none_match_nothing) {
  for (const char* range : {"{}", "{start: 8080, end: 8080}", "{start: 9000, end: 80}", "{start: -1, end: 9000}",
                            "{start: 1, end: 65537}", "{start: 8080}"}) {
    EXPECT_FALSE(may("destination_port_range: " + std::string(range))) << range;
    EXPECT_THAT(problem_lines(), HasSubstr("policies.p.permissions[0].destination_port_range: from ")) << range;
  }
}

TEST_F(RbacCompile, principals) {
  EXPECT_TRUE(is("any: true"));
  EXPECT_TRUE(is("source_ip: {address_prefix: 10.1.0.0, prefix_len: 16}"));
  EXPECT_TRUE(is("direct_remote_ip: {address_prefix: 10.2.0.0, prefix_len: 16}"));
  EXPECT_TRUE(is("remote_ip: {address_prefix: 10.3.0.0, prefix_len: 16}"));
  for (const char* kind : {"source_ip", "direct_remote_ip", "remote_ip"}) {
    EXPECT_FALSE(is(std::string(kind) + ": {address_prefix: 10.9.0.0, prefix_len: 16}")) << kind;
  }
  EXPECT_TRUE(is("header: {name: x-user, present_match: true}"));
  EXPECT_TRUE(is("url_path: {path: {prefix: /a/}}"));
  EXPECT_FALSE(is("authenticated: {}")) << "no certificate";
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(RbacCompile, authenticated_with_and_without_a_name) {
  auto rule = [&](const std::string& principal) {
    return compile("policies: {p: {permissions: [{any: true}], principals: [{" + principal + "}]}}")
        ->policies.at(0)
        .principals.at(0);
  };
  EXPECT_FALSE(std::get<rbac::Authenticated>(rule("authenticated: {}").what).matcher) << "anybody with a certificate";
  const auto named = rule("authenticated: {principal_name: {prefix: 'spiffe://'}}");
  EXPECT_TRUE(std::get<rbac::Authenticated>(named.what).matcher->matches("spiffe://a/b"));
}

TEST_F(RbacCompile, metadata_of_request_and_route) {
  const std::string matcher = "{filter: ns, path: [{key: k}], value: {string_match: {exact: v}}}";
  const std::string of_route = "sourced_metadata: {metadata_source: ROUTE, metadata_matcher: " + matcher + "}";
  const std::string dynamic = "sourced_metadata: {metadata_matcher: " + matcher + "}";
  observe::Metadata route_metadata;
  route_metadata.root["ns"]["k"] = "v";
  request.info.route_metadata = &route_metadata;
  EXPECT_TRUE(may(of_route) && is(of_route));
  EXPECT_FALSE(may(dynamic) || is(dynamic) || may("metadata: " + matcher) || is("metadata: " + matcher));
  observe::mutable_metadata(request.info, request.arena).root["ns"]["k"] = "v";
  EXPECT_TRUE(may(dynamic) && is(dynamic) && may("metadata: " + matcher) && is("metadata: " + matcher));
  observe::mutable_filter_state(request.info, request.arena).root["key"] = "v";
  EXPECT_TRUE(is("filter_state: {key: key, string_match: {exact: v}}"));
  EXPECT_FALSE(is("filter_state: {key: key, string_match: {exact: w}}"));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(RbacCompile, rules_within_rules) {
  EXPECT_TRUE(may("and_rules: {rules: [{any: true}, {not_rule: {destination_port: 1}}]}"));
  EXPECT_FALSE(may("and_rules: {rules: [{any: true}, {destination_port: 1}]}"));
  EXPECT_TRUE(may("or_rules: {rules: [{destination_port: 1}, {destination_port: 8080}]}"));
  EXPECT_FALSE(may("not_rule: {any: true}"));
  EXPECT_TRUE(is("and_ids: {ids: [{any: true}, {not_id: {authenticated: {}}}]}"));
  EXPECT_TRUE(is("or_ids: {ids: [{authenticated: {}}, {any: true}]}"));
  EXPECT_FALSE(is("or_ids: {ids: [{authenticated: {}}]}"));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(RbacCompile, what_is_wrong_is_named_where_it_stands_and_matches_nothing) {
  EXPECT_FALSE(
      may("and_rules: {rules: [{any: true}, {or_rules: {rules: [{url_path: {path: {safe_regex: {regex: "
          "'('}}}}]}}]}"));
  EXPECT_THAT(problem_lines(),
              HasSubstr("policies.p.permissions[0].and_rules.rules[1].or_rules.rules[0].url_path.path"));
  EXPECT_FALSE(may("destination_ip: {address_prefix: here, prefix_len: 8}"));
  EXPECT_THAT(problem_lines(), HasSubstr("policies.p.permissions[0].destination_ip: "));
  EXPECT_FALSE(is("not_id: {not_id: {source_ip: {address_prefix: 10.0.0.0, prefix_len: 33}}}"));
  EXPECT_THAT(problem_lines(), HasSubstr("policies.p.principals[0].not_id.not_id.source_ip: "));
  EXPECT_FALSE(is("authenticated: {principal_name: {safe_regex: {regex: '('}}}"));
  EXPECT_THAT(problem_lines(), HasSubstr("policies.p.principals[0].authenticated.principal_name"));
  EXPECT_FALSE(
      may("uri_template: {name: t, typed_config: {\"@type\": "
          "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig, path_template: "
          "'/{x'}}"));
  EXPECT_THAT(problem_lines(), HasSubstr("policies.p.permissions[0].uri_template: "));
}

}  // namespace
}  // namespace proa::config
