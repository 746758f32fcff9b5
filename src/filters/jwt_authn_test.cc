#include "filters/jwt_authn.h"

#include <gtest/gtest.h>

#include "filters/fake_exchange.h"
#include "filters/test_jwt_rules.h"
#include "observe/metadata.h"
#include "observe/registry.h"

namespace proa::filters {
namespace {

// An Ed25519 key made for this test, and tokens that it signed: for "a" until 2100, and for "a" until 1970.
constexpr std::string_view kKeys =
    R"({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "0tgykJBuMkdb-Zan8lH59rv8B-Fkd9AHPDYkT3FTyzY"}]})";
constexpr std::string_view kGood =
    "eyJhbGciOiJFZERTQSJ9.eyJleHAiOiA0MTAyNDQ0ODAwLCAiaXNzIjogImkiLCAiYXVkIjogImEiLCAic3ViIjogImphbmUiLCA"
    "ic2NvcGUiOiAicmVhZCB3cml0ZSIsICJkZWVwIjogeyJvbmUiOiAxfX0.t_2Uag-VeYnV45k9bCTWo-UNRo8bqhtQ_dXrphhYvRU"
    "liTHovcULOoI0qHkc11H1ep_InBXYH4RLtytXqk8dBQ";
constexpr std::string_view kExpired =
    "eyJhbGciOiJFZERTQSJ9.eyJleHAiOiAxLCAiaXNzIjogImkiLCAiYXVkIjogImEiLCAic3ViIjogImphbmUiLCAic2NvcGUiOiA"
    "icmVhZCB3cml0ZSIsICJkZWVwIjogeyJvbmUiOiAxfX0.gccd5E3Xr2vZlaA2CYM-yqL6cHiL9m5XdrAsq3g8mKMR3JErfAMaY-I"
    "hUUSExZSwlG1pl1JMgx_4RCsgojcAAg";

using Kind = JwtRequirement::Kind;

struct JwtAuthnTest : testing::Test {
  JwtAuthnTest() {
    provider->issuer = "i";
    provider->audiences = {"a"};
    provider->keys = std::make_shared<const Jwks>(*Jwks::parse(kKeys));
    provider->forward = true;
  }
  /// One rule for every path.
  std::unique_ptr<FakeExchange> filter(std::optional<JwtRequirement> requirement) {
    JwtAuthnConfig config;
    config.providers = {provider};
    config.rules = one_rule();
    config.requirements = {std::move(requirement)};
    config.named["named"] = of_provider();
    config.bypass_cors_preflight = true;
    config.stats = stats;
    return std::make_unique<FakeExchange>(make_jwt_authn(std::move(config)));
  }
  JwtRequirement of_provider() const { return {.kind = Kind::kProvider, .provider = provider}; }
  JwtRequirement or_nothing() const {
    JwtRequirement any{.kind = Kind::kAny};
    any.parts.push_back(of_provider());
    any.parts.push_back({.kind = Kind::kAllowMissing});
    return any;
  }
  static void bear(FakeExchange& x, std::string_view token) {
    x.head.headers.add("authorization", x.memory.concat("Bearer ", token));
  }

  observe::Registry registry;
  std::shared_ptr<observe::StatGroup> stats =
      std::make_shared<observe::StatGroup>(registry, kJwtAuthnSchema, observe::StatName{"h", {}});
  std::shared_ptr<JwtProvider> provider = std::make_shared<JwtProvider>();
};

TEST_F(JwtAuthnTest, a_good_token_passes_and_tells) {
  provider->payload_in_metadata = "payload";
  provider->list_claims = {"scope"};
  provider->claims_to_headers = {{"x-sub", {"sub"}}, {"x-deep", {"deep", "one"}}};
  provider->payload_header = "x-payload";
  auto x = filter(of_provider());
  bear(*x, kGood);
  x->head.headers.add("x-sub", "forged");
  EXPECT_EQ(x->request_head(), Verdict::kContinue);
  EXPECT_EQ(x->head.headers.find("x-sub")->value, "jane");
  EXPECT_EQ(x->head.headers.find("x-deep")->value, "1");
  EXPECT_TRUE(x->head.headers.find("x-payload"));
  EXPECT_TRUE(x->head.headers.find("authorization"));
  const auto& payload = x->stream_info.dynamic_metadata->root["envoy.filters.http.jwt_authn"]["payload"];
  EXPECT_EQ(payload["iss"], "i");
  EXPECT_EQ(payload["scope"].dump(), R"(["read","write"])");
  EXPECT_EQ(stats->value(0), 1);
}

TEST_F(JwtAuthnTest, a_token_is_taken_away_unless_it_is_forwarded) {
  provider->forward = false;
  auto x = filter(of_provider());
  bear(*x, kGood);
  EXPECT_EQ(x->request_head(), Verdict::kContinue);
  EXPECT_FALSE(x->head.headers.find("authorization"));
  auto y = filter(of_provider());
  y->head.path = y->memory.concat("/a?b=c&access_token=", kGood, "&d");
  EXPECT_EQ(y->request_head(), Verdict::kContinue);
  EXPECT_EQ(y->head.path, "/a?b=c&d");
}

TEST_F(JwtAuthnTest, a_missing_token_is_refused) {
  auto x = filter(of_provider());
  EXPECT_EQ(x->request_head(), Verdict::kDone);
  EXPECT_EQ(x->reply->status, 401);
  EXPECT_EQ(x->reply->body, "Jwt is missing");
  EXPECT_EQ(x->reply->details, "jwt_authn_access_denied{Jwt_is_missing}");
  EXPECT_EQ(x->reply->headers->find("www-authenticate")->value, "Bearer realm=\"://shop.test/\"");
  EXPECT_EQ(stats->value(1), 1);
}

TEST_F(JwtAuthnTest, a_bad_token_is_refused_even_where_none_would_do) {
  auto none = filter(or_nothing());
  EXPECT_EQ(none->request_head(), Verdict::kContinue);
  auto expired = filter(or_nothing());
  bear(*expired, kExpired);
  EXPECT_EQ(expired->request_head(), Verdict::kDone);
  EXPECT_EQ(expired->reply->body, "Jwt is expired");
  auto good = filter(or_nothing());
  bear(*good, kGood);
  EXPECT_EQ(good->request_head(), Verdict::kContinue);
}

TEST_F(JwtAuthnTest, an_unknown_issuer_is_refused_even_where_none_would_do) {
  provider->issuer = "another";
  auto x = filter(or_nothing());
  bear(*x, kGood);
  EXPECT_EQ(x->request_head(), Verdict::kDone);
  EXPECT_EQ(x->reply->body, "Jwt issuer is not configured");
  auto missing = filter(JwtRequirement{.kind = Kind::kAllowMissing});
  bear(*missing, kGood);
  EXPECT_EQ(missing->request_head(), Verdict::kDone);
  auto y = filter(of_provider());
  bear(*y, kGood);
  EXPECT_EQ(y->request_head(), Verdict::kDone);
  EXPECT_EQ(y->reply->body, "Jwt issuer is not configured");
}

TEST_F(JwtAuthnTest, the_audience_must_be_meant) {
  JwtRequirement other = of_provider();
  other.audiences = std::vector<std::string>{"b"};
  auto x = filter(other);
  bear(*x, kGood);
  EXPECT_EQ(x->request_head(), Verdict::kDone);
  EXPECT_EQ(x->reply->status, 403);
  provider->audiences = {"https://a/"};
  auto y = filter(of_provider());
  bear(*y, kGood);
  EXPECT_EQ(y->request_head(), Verdict::kContinue) << "without scheme and slash";
}

TEST_F(JwtAuthnTest, tokens_are_found_where_they_may_be) {
  provider->from_headers = {{"x-jwt", "Bearer "}};
  provider->from_cookies = {"jwt"};
  auto elsewhere = filter(of_provider());
  bear(*elsewhere, kGood);
  EXPECT_EQ(elsewhere->request_head(), Verdict::kDone);
  auto header = filter(of_provider());
  header->head.headers.add("x-jwt", header->memory.concat("Bearer ", kGood));
  EXPECT_EQ(header->request_head(), Verdict::kContinue);
  auto second = filter(of_provider());
  second->head.headers.add("x-jwt", "Bearer no.good.token");
  second->head.headers.add("x-jwt", second->memory.concat("Bearer ", kGood));
  EXPECT_EQ(second->request_head(), Verdict::kContinue) << "the second one will do";
  auto cookie = filter(of_provider());
  cookie->head.headers.add("cookie", cookie->memory.concat("a=b; jwt=", kGood));
  EXPECT_EQ(cookie->request_head(), Verdict::kContinue);
}

TEST_F(JwtAuthnTest, rules_without_a_requirement_and_preflights_pass) {
  auto free = filter(std::nullopt);
  EXPECT_EQ(free->request_head(), Verdict::kContinue);
  auto x = filter(of_provider());
  x->head.method_id = http::Method::kOptions;
  x->head.headers.add("origin", "https://a");
  x->head.headers.add("access-control-request-method", "GET");
  EXPECT_EQ(x->request_head(), Verdict::kContinue);
  EXPECT_EQ(stats->value(2), 1);
}

TEST_F(JwtAuthnTest, a_route_chooses_its_requirement_by_name) {
  JwtRouteConfig of_route;
  of_route.requirement = "named";
  auto x = filter(std::nullopt);
  x->of_route = &of_route;
  EXPECT_EQ(x->request_head(), Verdict::kDone);
  EXPECT_EQ(x->reply->status, 401);
  of_route.requirement = "missing";
  EXPECT_EQ(x->request_head(), Verdict::kDone);
  EXPECT_EQ(x->reply->status, 403);
  EXPECT_EQ(x->reply->body, "Failed JWT authentication: Wrong requirement_name: missing");
}

TEST_F(JwtAuthnTest, all_must_be_there_where_all_are_required) {
  JwtRequirement all{.kind = Kind::kAll};
  all.parts.push_back(of_provider());
  all.parts.push_back(of_provider());
  auto x = filter(all);
  bear(*x, kGood);
  EXPECT_EQ(x->request_head(), Verdict::kContinue);
  auto y = filter(all);
  EXPECT_EQ(y->request_head(), Verdict::kDone);
  auto failed = filter(JwtRequirement{.kind = Kind::kAllowMissingOrFailed});
  bear(*failed, kExpired);
  EXPECT_EQ(failed->request_head(), Verdict::kContinue);
}

}  // namespace
}  // namespace proa::filters
