#include "observe/metadata_matcher.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "observe/metadata.h"

namespace proa::observe {
namespace {

using nlohmann::json;

bool holds(decltype(ValueMatcher::match) match, const json& value) {
  return ValueMatcher{std::move(match)}.matches(&value);
}

TEST(ValueMatcher, each_kind) {
  EXPECT_TRUE(holds(ValueMatcher::Null{}, nullptr));
  EXPECT_FALSE(holds(ValueMatcher::Null{}, 0));
  EXPECT_TRUE(holds(true, true));
  EXPECT_FALSE(holds(true, "true"));
  EXPECT_TRUE(holds(ValueMatcher::Number{3, 3}, 3.0));
  EXPECT_TRUE(holds(ValueMatcher::Number{1, 3}, 2));
  EXPECT_FALSE(holds(ValueMatcher::Number{1, 3}, 3));
  EXPECT_TRUE(holds(http::StringMatcher::prefix("a"), "abc"));
  EXPECT_FALSE(holds(http::StringMatcher::prefix("1"), 1));
  EXPECT_TRUE(holds(ValueMatcher::Present{}, "x"));
  EXPECT_FALSE(ValueMatcher{ValueMatcher::Present{}}.matches(nullptr));
  EXPECT_TRUE(ValueMatcher{ValueMatcher::Present{false}}.matches(nullptr));
}

TEST(ValueMatcher, lists_and_alternatives) {
  auto element = std::make_shared<const ValueMatcher>(ValueMatcher{http::StringMatcher::exact("b")});
  EXPECT_TRUE(holds(ValueMatcher::OneOf{element}, json::array({"a", "b"})));
  EXPECT_FALSE(holds(ValueMatcher::OneOf{element}, json::array({"a"})));
  EXPECT_FALSE(holds(ValueMatcher::OneOf{element}, "b"));
  EXPECT_TRUE(holds(ValueMatcher::AnyOf{{{true}, {http::StringMatcher::exact("b")}}}, "b"));
}

TEST(MetadataMatcher, finds_the_value_by_path) {
  Arena arena;
  StreamInfo info;
  MetadataMatcher matcher;
  matcher.space = "jwt";
  matcher.path = {"claims", "role"};
  matcher.value.match = http::StringMatcher::exact("admin");
  EXPECT_FALSE(matcher.matches(info));
  mutable_metadata(info, arena).root["jwt"]["claims"]["role"] = "admin";
  EXPECT_TRUE(matcher.matches(info));
  matcher.invert = true;
  EXPECT_FALSE(matcher.matches(info));
}

}  // namespace
}  // namespace proa::observe
