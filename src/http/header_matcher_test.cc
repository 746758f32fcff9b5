#include "http/header_matcher.h"

#include <gtest/gtest.h>

namespace proa::http {
namespace {

struct Request {
  Arena arena;
  RequestHead head{arena};
  explicit Request(std::initializer_list<std::pair<std::string_view, std::string_view>> headers = {}) {
    head.method = "GET";
    head.path = "/p?q";
    head.authority = "Host.com";
    head.scheme = "https";
    for (auto& [name, value] : headers) head.headers.add(name, value);
  }
};

HeaderMatcher exact(std::string name, std::string value, bool invert = false, bool empty = false) {
  return HeaderMatcher::make({std::move(name), StringMatcher::exact(std::move(value)), invert, empty}).value();
}

TEST(HeaderMatcher, name_is_compared_in_lower_case) {
  EXPECT_TRUE(exact("X-User", "bob").matches(Request({{"x-user", "bob"}}).head));
}

TEST(HeaderMatcher, pseudo_headers_come_from_the_head) {
  Request request;
  EXPECT_TRUE(exact(":method", "GET").matches(request.head));
  EXPECT_TRUE(exact(":path", "/p?q").matches(request.head));
  EXPECT_TRUE(exact(":authority", "Host.com").matches(request.head));
  EXPECT_TRUE(exact("host", "Host.com").matches(request.head));
  EXPECT_TRUE(exact(":scheme", "https").matches(request.head));
}

TEST(HeaderMatcher, an_absent_header_matches_nothing_even_inverted) {
  EXPECT_FALSE(exact("x", "1").matches(Request().head));
  EXPECT_FALSE(exact("x", "1", true).matches(Request().head));
  EXPECT_TRUE(exact("x", "1", true, true).matches(Request().head));
  EXPECT_TRUE(exact("x", "", false, true).matches(Request().head));
}

TEST(HeaderMatcher, presence_and_its_inversion) {
  auto make = [](bool wanted, bool invert) {
    return HeaderMatcher::make({"x", HeaderMatcher::Present{wanted}, invert, false}).value();
  };
  Request with({{"x", ""}}), without;
  EXPECT_TRUE(make(true, false).matches(with.head));
  EXPECT_FALSE(make(true, false).matches(without.head));
  EXPECT_TRUE(make(false, false).matches(without.head));
  EXPECT_TRUE(make(true, true).matches(without.head));
  EXPECT_FALSE(make(false, true).matches(without.head));
}

TEST(HeaderMatcher, range_takes_whole_decimal_numbers) {
  auto m = HeaderMatcher::make({"n", HeaderMatcher::Range{-10, 10}, false, false}).value();
  EXPECT_TRUE(m.matches(Request({{"n", "-10"}}).head));
  EXPECT_FALSE(m.matches(Request({{"n", "10"}}).head));
  EXPECT_FALSE(m.matches(Request({{"n", "1x"}}).head));
  EXPECT_FALSE(m.matches(Request({{"n", ""}}).head));
}

TEST(HeaderMatcher, any_of_several_values_will_do_and_inverted_none_may) {
  Request request({{"x", "a"}, {"y", "-"}, {"x", "b"}});
  EXPECT_TRUE(exact("x", "a").matches(request.head));
  EXPECT_TRUE(exact("x", "b").matches(request.head));
  EXPECT_FALSE(exact("x", "a,b").matches(request.head));
  EXPECT_FALSE(exact("x", "b", true).matches(request.head));
  EXPECT_TRUE(exact("x", "c", true).matches(request.head));
  // Only a header that is not there at all counts as empty.
  EXPECT_FALSE(exact("x", "", false, true).matches(request.head));
}

// Threats P4.
TEST(HeaderMatcher, a_rule_that_denies_needs_one_value_and_one_that_allows_needs_all) {
  Request request({{"x", "good"}, {"x", "evil"}});
  EXPECT_TRUE(exact("x", "evil").matches(request.head, ValuesMode::kAny));
  EXPECT_TRUE(exact("x", "good,evil").matches(request.head, ValuesMode::kAny));
  EXPECT_FALSE(exact("x", "good").matches(request.head, ValuesMode::kAll));
  auto prefix = HeaderMatcher::make({"x", StringMatcher::prefix("good"), false, false}).value();
  EXPECT_TRUE(prefix.matches(request.head));
  EXPECT_FALSE(prefix.matches(request.head, ValuesMode::kAll));
  // "not evil" that denies fires for "good" as well; that allows does not hold, because one value is evil.
  EXPECT_TRUE(exact("x", "evil", true).matches(request.head, ValuesMode::kAny));
  EXPECT_FALSE(exact("x", "evil", true).matches(request.head, ValuesMode::kAll));
}

TEST(HeaderMatcher, status_of_a_response) {
  Arena arena;
  ResponseHead head(arena);
  head.status = 404;
  EXPECT_TRUE(exact(":status", "404").matches(head));
}

}  // namespace
}  // namespace proa::http
