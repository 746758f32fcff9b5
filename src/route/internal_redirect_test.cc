#include "route/internal_redirect.h"

#include <gtest/gtest.h>

namespace proa::route {
namespace {

using enum RedirectVerdict;

TEST(InternalRedirect, only_absolute_locations_can_be_followed) {
  const auto target = redirect_target("https://Host.test:8443/a/b?c=d#part");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->scheme, "https");
  EXPECT_EQ(target->authority, "Host.test:8443");
  EXPECT_EQ(target->path, "/a/b?c=d");
  EXPECT_EQ(redirect_target("http://host.test")->path, "/");
  for (const char* bad : {"", "/target", "target", "not a url", "*", "ftp://host.test/", "http://user@host.test/",
                          "http:///path", "http://host.test/with space", "//host.test/a"}) {
    EXPECT_FALSE(redirect_target(bad)) << bad;
  }
}

TEST(InternalRedirect, follows_the_codes_of_its_policy) {
  InternalRedirect policy;
  EXPECT_FALSE(policy.covers(302));
  policy.enabled = true;
  EXPECT_TRUE(policy.covers(302));
  EXPECT_FALSE(policy.covers(301));
}

TEST(InternalRedirect, counts_what_was_followed) {
  InternalRedirect policy{.enabled = true, .max_redirects = 2};
  const auto target = *redirect_target("http://host.test/");
  RedirectHistory history;
  EXPECT_EQ(judge_redirect(policy, history, "http", target), kFollow);
  history.followed = 2;
  EXPECT_EQ(judge_redirect(policy, history, "http", target), kTooMany);
}

TEST(InternalRedirect, another_scheme_must_be_allowed) {
  InternalRedirect policy{.enabled = true};
  RedirectHistory history;
  const auto plain = *redirect_target("http://host.test/");
  const auto tls = *redirect_target("https://host.test/");
  EXPECT_EQ(judge_redirect(policy, history, "http", tls), kUnsafeScheme);
  EXPECT_EQ(judge_redirect(policy, history, "https", plain), kUnsafeScheme);
  policy.cross_scheme = CrossScheme::kAlways;
  EXPECT_EQ(judge_redirect(policy, history, "http", tls), kFollow);
  EXPECT_EQ(judge_route(policy, history, "http", tls, "from", "to"), kFollow);
  policy.cross_scheme = CrossScheme::kSafe;
  EXPECT_EQ(judge_redirect(policy, history, "http", tls), kFollow);
  EXPECT_EQ(judge_route(policy, history, "http", tls, "from", "to"), kPredicate);
  EXPECT_EQ(judge_route(policy, history, "https", plain, "from", "to"), kFollow);
}

TEST(InternalRedirect, leads_to_a_route_once_from_the_same_route) {
  InternalRedirect policy{.enabled = true, .previous_routes = true};
  RedirectHistory history;
  const auto target = *redirect_target("http://host.test/");
  EXPECT_EQ(judge_route(policy, history, "http", target, "a", "b"), kFollow);
  EXPECT_EQ(judge_route(policy, history, "http", target, "c", "b"), kFollow);
  EXPECT_EQ(judge_route(policy, history, "http", target, "a", "b"), kPredicate);
}

TEST(InternalRedirect, leads_only_to_routes_on_the_list) {
  InternalRedirect policy{.enabled = true, .allowed_routes = std::vector<std::string>{"b"}};
  RedirectHistory history;
  const auto target = *redirect_target("http://host.test/");
  EXPECT_EQ(judge_route(policy, history, "http", target, "a", "b"), kFollow);
  EXPECT_EQ(judge_route(policy, history, "http", target, "a", "c"), kPredicate);
}

}  // namespace
}  // namespace proa::route
