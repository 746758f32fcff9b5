#include "route/hash_policy.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <bit>

#include "route/test_request.h"

namespace proa::route {
namespace {

uint64_t xx(std::string_view text, uint64_t seed = 0) { return XXH64(text.data(), text.size(), seed); }

std::optional<uint64_t> hash(std::vector<HashPolicy> policies, TestRequest& request, NewCookie* cookie = nullptr) {
  return request_hash(policies, request.head, request.info, request.arena, cookie);
}

TEST(HashPolicy, header_whatever_the_order_of_its_fields) {
  TestRequest one("/", "h", {{"x", "a"}}), ab("/", "h", {{"x", "a"}, {"x", "b"}}),
      ba("/", "h", {{"x", "b"}, {"x", "a"}});
  EXPECT_EQ(hash({{HashHeader{"x", {}}}}, one), xx("a"));
  EXPECT_EQ(hash({{HashHeader{"x", {}}}}, ab), xx("b", xx("a")));
  EXPECT_EQ(hash({{HashHeader{"x", {}}}}, ab), hash({{HashHeader{"x", {}}}}, ba));
  EXPECT_EQ(hash({{HashHeader{"y", {}}}}, one), std::nullopt);
}

TEST(HashPolicy, header_after_a_regex_rewrite) {
  TestRequest request("/", "h", {{"x", "user-7-tail"}});
  HashHeader header{"x", http::RegexRewrite{http::Regex::compile("^user-([0-9]+).*$").value(), "\\1"}};
  EXPECT_EQ(hash({{header}}, request), xx("7"));
}

TEST(HashPolicy, hashes_are_combined_by_rotation) {
  TestRequest request("/?q=v", "h", {{"x", "a"}});
  EXPECT_EQ(hash({{HashHeader{"x", {}}}, {HashQueryParameter{"q"}}}, request), std::rotl(xx("a"), 1) ^ xx("v"));
  EXPECT_EQ(hash({{HashHeader{"x", {}}, true}, {HashQueryParameter{"q"}}}, request), xx("a"));
  EXPECT_EQ(hash({{HashHeader{"none", {}}, true}, {HashQueryParameter{"q"}}}, request), xx("v"));
}

TEST(HashPolicy, source_ip_without_port) {
  TestRequest request("/");
  request.connection.remote = net::Address::parse("10.0.0.1:1234").value();
  EXPECT_EQ(hash({{HashSourceIp{}}}, request), xx("10.0.0.1"));
}

TEST(HashPolicy, a_missing_cookie_is_made_when_it_has_a_ttl) {
  TestRequest request("/");
  request.connection.remote = net::Address::parse("10.0.0.1:1234").value();
  request.connection.local = net::Address::parse("10.0.0.2:80").value();
  NewCookie cookie;
  EXPECT_EQ(hash({{HashCookie{"sid", std::nullopt, "", {}}}}, request, &cookie), std::nullopt);
  HashCookie made{"sid", std::chrono::seconds(60), "/p", {{"Secure", ""}, {"SameSite", "Lax"}}};
  auto first = hash({{made}}, request, &cookie);
  ASSERT_TRUE(first);
  std::string text(cookie.set_cookie);
  EXPECT_TRUE(text.starts_with("sid=\"")) << text;
  EXPECT_TRUE(text.ends_with("\"; Max-Age=60; Path=/p; Secure; SameSite=Lax; HttpOnly")) << text;
  std::string sent = text.substr(0, text.find(';'));
  TestRequest next("/", "h", {{"cookie", sent}});
  EXPECT_EQ(hash({{made}}, next), first);
}

}  // namespace
}  // namespace proa::route
