#include <gtest/gtest.h>

#include "filters/all.h"
#include "filters/fake_exchange.h"
#include "net/tls/digest.h"
#include "observe/registry.h"

namespace proa::filters {
namespace {

struct BasicAuthTest : testing::Test {
  observe::Registry registry;
  std::shared_ptr<observe::StatGroup> stats =
      std::make_shared<observe::StatGroup>(registry, kBasicAuthSchema, observe::StatName{"main", {}});
  std::shared_ptr<BasicAuthConfig> config = std::make_shared<BasicAuthConfig>();
  FakeExchange x{make_basic_auth(config, stats)};

  BasicAuthTest() { config->users.emplace("user", net::tls::sha1("test")); }

  /// What the log says of a request with this field; "" when it passes.
  std::string details(std::string_view value) {
    x.head.headers.clear();
    x.head.headers.add("x-forwarded-proto", "http");
    if (!value.empty()) x.head.headers.add("authorization", value);
    if (x.request_head() == Verdict::kContinue) return "";
    EXPECT_EQ(x.reply->status, 401);
    return std::string(x.reply->details);
  }
};

TEST_F(BasicAuthTest, lets_those_pass_whose_password_is_right) {
  EXPECT_EQ(details("Basic dXNlcjp0ZXN0"), "");  // user:test
  EXPECT_EQ(details("Basic dXNlcjp0ZXN0IA=="), "invalid_credential_for_basic_auth");
  EXPECT_EQ(details("Basic dXNlcjp4"), "invalid_credential_for_basic_auth");        // user:x
  EXPECT_EQ(details("Basic b3RoZXI6dGVzdA"), "invalid_credential_for_basic_auth");  // other:test
  EXPECT_EQ(stats->value(0), 1);
  EXPECT_EQ(stats->value(1), 3);
}

TEST_F(BasicAuthTest, tells_in_the_log_what_was_wrong) {
  EXPECT_EQ(details(""), "no_credential_for_basic_auth");
  EXPECT_EQ(details("Bearer dXNlcjp0ZXN0"), "invalid_scheme_for_basic_auth");
  EXPECT_EQ(details("Basic dXNlcg=="), "invalid_format_for_basic_auth");  // user
  EXPECT_EQ(details("Basic ***"), "invalid_format_for_basic_auth");
}

TEST_F(BasicAuthTest, challenges_with_the_address_or_the_realm) {
  x.head.path = "/a\"b";
  details("");
  EXPECT_EQ(x.reply->headers->find("www-authenticate")->value, "Basic realm=\"http://shop.test/a\\\"b\"");
  config->realm = "shop";
  details("");
  EXPECT_EQ(x.reply->headers->find("www-authenticate")->value, "Basic realm=\"shop\"");
}

TEST_F(BasicAuthTest, forwards_the_name_in_place_of_what_the_client_claims) {
  config->forward_username_header = "x-user";
  x.head.headers.add("x-user", "admin");
  x.head.headers.add("authorization", "Basic dXNlcjp0ZXN0");
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(x.head.headers.joined("x-user"), "user");
}

TEST_F(BasicAuthTest, takes_credentials_from_another_header_when_told) {
  config->header = "x-auth";
  x.head.headers.add("x-auth", "Basic dXNlcjp0ZXN0");
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(details("Basic dXNlcjp0ZXN0"), "no_credential_for_basic_auth");
}

TEST_F(BasicAuthTest, a_routes_own_users_stand_instead) {
  BasicAuthConfig own;
  own.users.emplace("guest", net::tls::sha1("test"));
  x.of_route = &own;
  EXPECT_EQ(details("Basic dXNlcjp0ZXN0"), "invalid_credential_for_basic_auth");
  EXPECT_EQ(details("Basic Z3Vlc3Q6dGVzdA=="), "");
}

}  // namespace
}  // namespace proa::filters
