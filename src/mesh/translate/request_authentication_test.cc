#include "mesh/translate/request_authentication.h"

#include <gmock/gmock.h>

#include "envoy/extensions/filters/http/jwt_authn/v3/config.pb.h"
#include "mesh/model/test_objects.h"

namespace proa::mesh {
namespace {

using envoy::extensions::filters::http::jwt_authn::v3::JwtAuthentication;

std::optional<JwtAuthentication> made(const std::string& objects) {
  ProxyNode node;
  node.ns = "shop";
  const auto filter = request_authentication(*world_of(objects), node);
  if (!filter) return std::nullopt;
  JwtAuthentication out;
  EXPECT_TRUE(filter->typed_config().UnpackTo(&out));
  return out;
}

std::string tokens(const std::string& name, const std::string& rules) {
  return "---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: " + name +
         ", namespace: shop}\nspec: {jwtRules: [" + rules + "]}\n";
}

TEST(RequestAuthentication, is_nothing_without_rules) { EXPECT_FALSE(made("")); }

TEST(RequestAuthentication, takes_every_field_of_a_rule) {
  const auto jwt = made(tokens("a", R"({issuer: i, audiences: [x], jwks: '{"keys":[]}', forwardOriginalToken: true,
    fromHeaders: [{name: h, prefix: "P "}], fromParams: [p], fromCookies: [c], outputPayloadToHeader: x-payload,
    outputClaimToHeaders: [{header: x-sub, claim: sub}], spaceDelimitedClaims: [roles]})"));
  ASSERT_TRUE(jwt);
  const auto& provider = jwt->providers().at("origins-0");
  EXPECT_EQ(provider.issuer(), "i");
  EXPECT_EQ(provider.audiences(0), "x");
  EXPECT_EQ(provider.local_jwks().inline_string(), R"({"keys":[]})");
  EXPECT_TRUE(provider.forward());
  EXPECT_EQ(provider.from_headers(0).value_prefix(), "P ");
  EXPECT_EQ(provider.from_params(0), "p");
  EXPECT_EQ(provider.from_cookies(0), "c");
  EXPECT_EQ(provider.forward_payload_header(), "x-payload");
  EXPECT_EQ(provider.claim_to_headers(0).header_name(), "x-sub");
  EXPECT_EQ(provider.payload_in_metadata(), "payload");
  EXPECT_EQ(provider.normalize_payload_in_metadata().space_delimited_claims(2), "roles");
}

TEST(RequestAuthentication, several_issuers_may_share_a_place) {
  const auto jwt =
      made(tokens("a", R"({issuer: b, jwks: '{"keys":[]}'})") + tokens("b", R"({issuer: a, jwks: '{"keys":[]}'})"));
  ASSERT_TRUE(jwt);
  EXPECT_EQ(jwt->providers().at("origins-0").issuer(), "a");
  const auto& any = jwt->rules(0).requires_().requires_any();
  ASSERT_EQ(any.requirements_size(), 3);
  EXPECT_EQ(any.requirements(1).provider_name(), "origins-1");
  EXPECT_EQ(any.requirements(2).requires_all().requirements(0).requires_any().requirements(0).provider_name(),
            "origins-0");
}

TEST(RequestAuthentication, keys_come_from_a_service_of_the_mesh_or_from_nowhere) {
  const std::string rule = tokens("a", "{issuer: i, jwksUri: 'https://keys.test:8443/k', timeout: 2s}");
  const auto nowhere = made(rule)->providers().at("origins-0").remote_jwks().http_uri();
  EXPECT_EQ(nowhere.cluster(), "BlackHoleCluster");
  EXPECT_EQ(nowhere.timeout().seconds(), 2);
  const auto found = made(rule + R"(
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: keys, namespace: shop}
spec: {hosts: [keys.test], ports: [{number: 8443, name: tls, protocol: HTTPS}], resolution: DNS}
)");
  EXPECT_EQ(found->providers().at("origins-0").remote_jwks().http_uri().cluster(), "outbound|8443||keys.test");
}

}  // namespace
}  // namespace proa::mesh
