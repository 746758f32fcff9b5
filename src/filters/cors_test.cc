#include <gtest/gtest.h>

#include "filters/all.h"
#include "filters/fake_exchange.h"
#include "observe/registry.h"

namespace proa::filters {
namespace {

using http::HeaderId;
using http::StringMatcher;

/// One request from https://a.test, to a route whose policy allows that origin.
struct CorsTest : testing::Test {
  CorsTest() {
    x.head.headers.add(HeaderId::kOrigin, "https://a.test");
    policy->allow_origins.push_back(StringMatcher::exact("https://a.test"));
  }
  /// `route`'s policy, and `policies` of the levels above it.
  void use(std::initializer_list<std::shared_ptr<route::CorsPolicy>> policies) {
    route.per_filter = {};
    for (const auto& one : policies) {
      route::PerFilter level;
      level.set("under.test", one);
      route.per_filter.inherit(level);
    }
    x.matched = &route;
  }
  Verdict request() {
    use({policy});
    return x.request_head();
  }
  Verdict preflight() {
    x.head.method = "OPTIONS";
    x.head.method_id = http::Method::kOptions;
    x.head.headers.set(HeaderId::kAccessControlRequestMethod, "PUT");
    return request();
  }
  std::string answered(HeaderId id) {
    const http::Header* found = x.reply->headers->find(id);
    return found ? std::string(found->value) : "(none)";
  }
  int64_t valid() { return stats->value(0); }
  int64_t invalid() { return stats->value(1); }

  observe::Registry registry;
  std::shared_ptr<observe::StatGroup> stats =
      std::make_shared<observe::StatGroup>(registry, kCorsSchema, observe::StatName{"edge", {}});
  std::shared_ptr<route::CorsPolicy> policy = std::make_shared<route::CorsPolicy>();
  route::Route route;
  FakeExchange x{make_cors(stats)};
};

TEST_F(CorsTest, the_response_to_an_allowed_origin_says_so) {
  policy->allow_credentials = true;
  policy->expose_headers = "x-shown";
  EXPECT_EQ(request(), Verdict::kContinue);
  EXPECT_EQ(x.response_header("access-control-allow-origin"), "https://a.test");
  EXPECT_EQ(x.response_header("access-control-allow-credentials"), "true");
  EXPECT_EQ(x.response_header("access-control-expose-headers"), "x-shown");
  EXPECT_EQ(valid(), 1);
}

TEST_F(CorsTest, what_the_server_said_itself_is_replaced) {
  request();
  http::ResponseHead response(x.memory);
  response.headers.add(HeaderId::kAccessControlAllowOrigin, "*");
  x.response_head(response);
  EXPECT_EQ(response.headers.value(HeaderId::kAccessControlAllowOrigin), "https://a.test");
}

TEST_F(CorsTest, another_origin_is_passed_on_without_a_word) {
  x.head.headers.set(HeaderId::kOrigin, "https://b.test");
  EXPECT_EQ(request(), Verdict::kContinue);
  EXPECT_EQ(x.response_header("access-control-allow-origin"), "(none)");
  EXPECT_EQ(invalid(), 1);
}

TEST_F(CorsTest, requests_without_an_origin_or_a_policy_are_none_of_its_business) {
  x.head.headers.remove(HeaderId::kOrigin);
  EXPECT_EQ(request(), Verdict::kContinue);
  x.head.headers.add(HeaderId::kOrigin, "https://a.test");
  x.matched = nullptr;
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(x.response_header("access-control-allow-origin"), "(none)");
  EXPECT_EQ(valid() + invalid(), 0);
}

TEST_F(CorsTest, a_preflight_is_answered_here) {
  policy->allow_methods = "GET, PUT";
  policy->allow_headers = "x-a";
  policy->max_age = "60";
  EXPECT_EQ(preflight(), Verdict::kDone);
  ASSERT_TRUE(x.reply);
  EXPECT_EQ(x.reply->status, 200);
  EXPECT_EQ(x.reply->details, "cors_response");
  EXPECT_EQ(answered(HeaderId::kAccessControlAllowMethods), "GET, PUT");
  EXPECT_EQ(answered(HeaderId::kAccessControlAllowHeaders), "x-a");
  EXPECT_EQ(answered(HeaderId::kAccessControlMaxAge), "60");
  EXPECT_EQ(answered(HeaderId::kAccessControlAllowCredentials), "(none)");
  EXPECT_EQ(x.response_header("access-control-allow-origin"), "https://a.test") << "as of every response";
}

TEST_F(CorsTest, an_options_request_that_asks_for_no_method_is_no_preflight) {
  x.head.method_id = http::Method::kOptions;
  EXPECT_EQ(request(), Verdict::kContinue);
}

TEST_F(CorsTest, private_networks_are_allowed_to_who_asks) {
  policy->allow_private_network = true;
  preflight();
  EXPECT_EQ(answered(HeaderId::kAccessControlAllowPrivateNetwork), "(none)");
  x.head.headers.add(HeaderId::kAccessControlRequestPrivateNetwork, "true");
  preflight();
  EXPECT_EQ(answered(HeaderId::kAccessControlAllowPrivateNetwork), "true");
}

TEST_F(CorsTest, a_preflight_of_another_origin_goes_on_or_is_answered_without_leave) {
  x.head.headers.set(HeaderId::kOrigin, "https://b.test");
  EXPECT_EQ(preflight(), Verdict::kContinue);
  policy->forward_not_matching_preflights = false;
  EXPECT_EQ(preflight(), Verdict::kDone);
  EXPECT_EQ(x.response_header("access-control-allow-origin"), "(none)");
}

TEST_F(CorsTest, a_matcher_for_the_star_takes_every_origin) {
  policy->allow_origins = {StringMatcher::exact("*")};
  request();
  EXPECT_EQ(x.response_header("access-control-allow-origin"), "https://a.test") << "named, not \"*\"";
}

TEST_F(CorsTest, a_shadowed_policy_only_counts) {
  policy->enabled = route::Fraction{{0, 100}, {}};
  policy->shadow = route::Fraction{{100, 100}, {}};
  EXPECT_EQ(preflight(), Verdict::kContinue);
  EXPECT_EQ(valid(), 1);
  EXPECT_EQ(x.response_header("access-control-allow-origin"), "(none)");
  policy->shadow.reset();
  preflight();
  EXPECT_EQ(valid(), 1) << "off is off";
}

TEST_F(CorsTest, what_a_level_leaves_open_the_next_one_says) {
  auto outer = std::make_shared<route::CorsPolicy>();
  outer->allow_origins = {StringMatcher::exact("https://outer.test")};
  outer->allow_credentials = true;
  outer->expose_headers = "x-outer";
  policy->expose_headers = "x-own";
  use({policy, outer});
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(x.response_header("access-control-allow-origin"), "https://a.test");
  EXPECT_EQ(x.response_header("access-control-allow-credentials"), "true");
  EXPECT_EQ(x.response_header("access-control-expose-headers"), "x-own");
  policy->allow_credentials = false;
  EXPECT_EQ(x.response_header("access-control-allow-credentials"), "(none)");
}

}  // namespace
}  // namespace proa::filters
