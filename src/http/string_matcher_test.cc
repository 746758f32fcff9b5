#include "http/string_matcher.h"

#include <gtest/gtest.h>

#include <chrono>

namespace proa::http {
namespace {

TEST(StringMatcher, each_kind_compares_its_way) {
  EXPECT_TRUE(StringMatcher::exact("ab").matches("ab"));
  EXPECT_FALSE(StringMatcher::exact("ab").matches("abc"));
  EXPECT_TRUE(StringMatcher::prefix("ab").matches("abc"));
  EXPECT_FALSE(StringMatcher::prefix("abc").matches("ab"));
  EXPECT_TRUE(StringMatcher::suffix("bc").matches("abc"));
  EXPECT_TRUE(StringMatcher::contains("b").matches("abc"));
  EXPECT_FALSE(StringMatcher::contains("d").matches("abc"));
  EXPECT_TRUE(StringMatcher().matches(""));
}

TEST(StringMatcher, case_is_ignored_when_asked) {
  EXPECT_TRUE(StringMatcher::exact("AbC", true).matches("aBc"));
  EXPECT_TRUE(StringMatcher::prefix("AB", true).matches("abc"));
  EXPECT_TRUE(StringMatcher::suffix("BC", true).matches("abc"));
  EXPECT_TRUE(StringMatcher::contains("B", true).matches("abc"));
  EXPECT_FALSE(StringMatcher::contains("B", false).matches("abc"));
}

TEST(StringMatcher, exact_text_is_no_regex) { EXPECT_FALSE(StringMatcher::exact("a.c").matches("abc")); }

TEST(StringMatcher, regex_matches_as_a_whole) {
  auto m = StringMatcher::make(StringMatcher::Kind::kRegex, "a+b?").value();
  EXPECT_TRUE(m.matches("aab"));
  EXPECT_FALSE(m.matches("xaab"));
  EXPECT_EQ(m.describe(), "matches regex \"a+b?\"");
}

TEST(Regex, bad_patterns_are_named) {
  auto bad = Regex::compile("a(");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("\"a(\""), std::string::npos);
}

// Threats D6: each is refused, or compiled within the time, never a long wait.
TEST(Regex, huge_patterns_are_refused_in_bounded_time) {
  for (std::string pattern :
       {std::string("(a{1,1000}){1,1000}"), std::string("((a{100}){100}){100}"), std::string("(\\pL{1000})"),
        std::string(20000, 'a'), std::string("(x+x+)+y"), std::string("[^a]{1000}[^b]{1000}\\pN{900}")}) {
    auto begin = std::chrono::steady_clock::now();
    auto made = Regex::compile(pattern);
    auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(took, std::chrono::seconds(2)) << pattern.substr(0, 40);  // 50 ms without a sanitizer
    bool must_be_refused = pattern.size() > 1000 || pattern.starts_with("((a") || pattern.starts_with("(\\p");
    EXPECT_FALSE(made && must_be_refused) << pattern.substr(0, 40);
  }
}

TEST(Regex, replaces_all_matches_with_groups) {
  Arena arena;
  auto regex = Regex::compile("^/service/([^/]+)(/.*)$").value();
  ASSERT_TRUE(regex.check_substitution("\\2/instance/\\1"));
  EXPECT_EQ(regex.replace_all("/service/foo/v1/api", "\\2/instance/\\1", arena), "/v1/api/instance/foo");
  EXPECT_EQ(regex.replace_all("/other", "\\1", arena), "/other");
  EXPECT_EQ(Regex::compile("one").value().replace_all("/xxx/one/yyy/one/zzz", "two", arena), "/xxx/two/yyy/two/zzz");
  EXPECT_EQ(Regex::compile("x*").value().replace_all("abc", "-", arena), "-a-b-c-");
  EXPECT_EQ(Regex::compile("b").value().replace_all("abc", "\\\\", arena), "a\\c");
  EXPECT_FALSE(regex.check_substitution("\\3"));
}

}  // namespace
}  // namespace proa::http
