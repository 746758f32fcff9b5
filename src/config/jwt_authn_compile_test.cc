#include "config/jwt_authn_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

using testing::HasSubstr;

struct JwtAuthnCompile : CompileTest {
  static constexpr std::string_view kKeys =
      R"('{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}')";
  filters::JwtAuthnConfig compile(const std::string& rules, std::string_view keys = kKeys) {
    return compile_jwt_authn(
        read<envoy::extensions::filters::http::jwt_authn::v3::JwtAuthentication>(
            "{providers: {p: {issuer: i, audiences: [a], local_jwks: {inline_string: " + std::string(keys) +
            "}, from_headers: [{name: X-Jwt, value_prefix: 'Bearer '}], "
            "claim_to_headers: [{header_name: X-Deep, claim_name: a.b}]}}, " +
            rules + "}"),
        at);
  }
};

TEST_F(JwtAuthnCompile, providers_and_requirements) {
  const auto to = compile(
      "rules: [{match: {prefix: /free}}, {match: {prefix: /}, requires: {requires_any: {requirements: [{provider_name: "
      "p}, {allow_missing: {}}]}}}, {match: {path: /named}, requirement_name: n}], requirement_map: {n: "
      "{provider_and_audiences: {provider_name: p, audiences: [b]}}}");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to.providers.size(), 1U);
  EXPECT_EQ(to.providers[0]->from_headers[0].name, "x-jwt");
  EXPECT_EQ(to.providers[0]->claims_to_headers[0].header, "x-deep");
  EXPECT_EQ(to.providers[0]->claims_to_headers[0].claim, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(to.requirements.size(), 3U);
  EXPECT_FALSE(to.requirements[0]);
  EXPECT_EQ(to.requirements[1]->kind, filters::JwtRequirement::Kind::kAny);
  EXPECT_EQ(to.requirements[1]->parts.size(), 2U);
  EXPECT_EQ(*to.requirements[2]->audiences, std::vector<std::string>{"b"});
  EXPECT_TRUE(to.rules);
}

TEST_F(JwtAuthnCompile, what_cannot_be_meant_is_refused) {
  compile("rules: [{match: {prefix: /}, requires: {provider_name: q}}, {match: {prefix: /}, requirement_name: m}]");
  EXPECT_THAT(problem_lines(), HasSubstr("rules[0].requires.provider_name: there is no provider \"q\""));
  EXPECT_THAT(problem_lines(), HasSubstr("rules[1].requirement_name: names no entry of requirement_map"));
}

TEST_F(JwtAuthnCompile, keys_must_be_keys) {
  compile("rules: []", "'{}'");
  EXPECT_THAT(problem_lines(), HasSubstr("providers.p.local_jwks: is no JSON object with a list \"keys\""));
}

}  // namespace
}  // namespace proa::config
