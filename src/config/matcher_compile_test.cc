#include "config/matcher_compile.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "config/test_compile.h"
#include "route/test_request.h"

namespace proa::config {
namespace {

namespace m3 = envoy::type::matcher::v3;
using testing::HasSubstr;

struct MatcherCompile : CompileTest {
  bool text_matches(std::string_view yaml, std::string_view text) {
    const auto matcher = string_matcher(read<m3::StringMatcher>(yaml), at);
    return matcher && matcher->matches(text);
  }
  bool header_matches(std::string_view yaml, std::string_view value) {
    const auto matcher = header_matcher(read<envoy::config::route::v3::HeaderMatcher>(yaml), at);
    return matcher && matcher->matches(route::TestRequest("/", "h", {{"x-a", value}}).head);
  }
  bool value_matches(const std::string& yaml, const nlohmann::json& value) {
    const auto matcher =
        metadata_matcher(read<m3::MetadataMatcher>("{filter: f, path: [{key: k}], value: " + yaml + "}"),
                         observe::MetadataSource::kDynamic, at);
    return matcher && matcher->value.matches(&value);
  }
};

TEST_F(MatcherCompile, strings) {
  EXPECT_TRUE(text_matches("{exact: Ab}", "Ab"));
  EXPECT_FALSE(text_matches("{exact: Ab}", "ab"));
  EXPECT_TRUE(text_matches("{exact: Ab, ignore_case: true}", "aB"));
  EXPECT_TRUE(text_matches("{prefix: a}", "ab"));
  EXPECT_TRUE(text_matches("{suffix: b, ignore_case: true}", "aB"));
  EXPECT_TRUE(text_matches("{contains: b}", "abc"));
  EXPECT_TRUE(text_matches("{safe_regex: {regex: 'a+'}}", "aaa"));
  EXPECT_FALSE(text_matches("{safe_regex: {regex: 'a+'}}", "baaa")) << "the whole text";
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(MatcherCompile, a_string_needs_a_pattern_that_is_one) {
  EXPECT_FALSE(string_matcher(m3::StringMatcher{}, at));
  EXPECT_FALSE(string_matcher(read<m3::StringMatcher>("{safe_regex: {regex: '('}}"), at));
  EXPECT_THAT(problem_lines(), HasSubstr("matches nothing"));
  EXPECT_THAT(problem_lines(), HasSubstr("safe_regex.regex: "));
}

TEST_F(MatcherCompile, headers) {
  EXPECT_TRUE(header_matches("{name: x-a}", "any")) << "present";
  EXPECT_TRUE(header_matches("{name: x-a, string_match: {exact: '1'}}", "1"));
  EXPECT_FALSE(header_matches("{name: x-a, string_match: {exact: '1'}, invert_match: true}", "1"));
  EXPECT_TRUE(header_matches("{name: x-a, range_match: {start: 1, end: 3}}", "2"));
  EXPECT_FALSE(header_matches("{name: x-a, range_match: {start: 1, end: 3}}", "3"));
  EXPECT_FALSE(header_matches("{name: x-b}", "any"));
  EXPECT_TRUE(header_matches("{name: x-b, present_match: false}", "any"));
  EXPECT_TRUE(header_matches("{name: x-b, string_match: {exact: ''}, treat_missing_header_as_empty: true}", "any"));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(MatcherCompile, headers_in_the_forms_of_old) {
  EXPECT_TRUE(header_matches("{name: x-a, exact_match: one}", "one"));
  EXPECT_TRUE(header_matches("{name: x-a, prefix_match: on}", "one"));
  EXPECT_TRUE(header_matches("{name: x-a, suffix_match: ne}", "one"));
  EXPECT_TRUE(header_matches("{name: x-a, contains_match: n}", "one"));
  EXPECT_TRUE(header_matches("{name: x-a, safe_regex_match: {regex: 'o.e'}}", "one"));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(MatcherCompile, one_bad_header_is_named_and_the_rest_is_there) {
  const auto from = read<envoy::config::route::v3::RouteMatch>(
      "{prefix: /, headers: [{name: a}, {name: b, string_match: {safe_regex: {regex: '['}}}, {name: c}]}");
  EXPECT_EQ(header_matchers(from.headers(), at).size(), 2U);
  EXPECT_THAT(problem_lines(), HasSubstr("[1].string_match.safe_regex.regex: "));
}

TEST_F(MatcherCompile, values) {
  EXPECT_TRUE(value_matches("{null_match: {}}", nullptr));
  EXPECT_TRUE(value_matches("{bool_match: true}", true));
  EXPECT_FALSE(value_matches("{bool_match: true}", false));
  EXPECT_TRUE(value_matches("{double_match: {exact: 2}}", 2.0));
  EXPECT_FALSE(value_matches("{double_match: {range: {start: 1, end: 2}}}", 2.0));
  EXPECT_TRUE(value_matches("{string_match: {prefix: a}}", "abc"));
  EXPECT_TRUE(value_matches("{present_match: true}", 1));
  EXPECT_TRUE(value_matches("{list_match: {one_of: {string_match: {exact: b}}}}", {"a", "b"}));
  EXPECT_TRUE(value_matches("{or_match: {value_matchers: [{bool_match: true}, {null_match: {}}]}}", nullptr));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(MatcherCompile, a_value_that_says_nothing_is_no_matcher) {
  EXPECT_FALSE(value_matches("{}", 1));
  EXPECT_FALSE(value_matches("{list_match: {one_of: {}}}", {1}));
  EXPECT_THAT(problem_lines(), HasSubstr("value.list_match.one_of: matches nothing"));
}

TEST_F(MatcherCompile, filter_state_is_text) {
  const auto matcher = filter_state_matcher(read<m3::FilterStateMatcher>("{key: k, string_match: {exact: v}}"), at);
  ASSERT_TRUE(matcher);
  EXPECT_EQ(matcher->source, observe::MetadataSource::kFilterState);
  EXPECT_EQ(matcher->space, "k");
}

TEST_F(MatcherCompile, a_rewrite_knows_the_groups_of_its_pattern) {
  EXPECT_TRUE(
      regex_rewrite(read<m3::RegexMatchAndSubstitute>("{pattern: {regex: '/(.*)'}, substitution: '/x/\\1'}"), at));
  EXPECT_EQ(problem_lines(), "");
  EXPECT_FALSE(regex_rewrite(read<m3::RegexMatchAndSubstitute>("{pattern: {regex: '/.*'}, substitution: '\\1'}"), at));
  EXPECT_THAT(problem_lines(), HasSubstr("substitution: "));
}

}  // namespace
}  // namespace proa::config
