#include "config/problems.h"

#include <gtest/gtest.h>

namespace proa::config {
namespace {

TEST(Problems, print_file_line_column_path_what_and_fix) {
  Problems problems;
  problems.error({"envoy.yaml", 12, 7}, "static_resources.adress", "unknown field", "did you mean 'address'?");
  EXPECT_EQ(problems.str(),
            "envoy.yaml:12:7: static_resources.adress: unknown field; did you mean 'address'?\n1 error\n");
}

TEST(Problems, are_sorted_by_place_and_counted) {
  Problems problems;
  problems.warning({"a.yaml", 9, 1}, "b", "is deprecated");
  problems.error({"a.yaml", 2, 3}, "a", "is wrong");
  problems.error({}, "Listener \"x\"", "has no address");
  EXPECT_EQ(problems.str(),
            "Listener \"x\": has no address\n"
            "a.yaml:2:3: a: is wrong\n"
            "a.yaml:9:1: warning: b: is deprecated\n"
            "2 errors, 1 warning\n");
  EXPECT_FALSE(problems.ok());
}

TEST(Problems, keep_a_bounded_number_and_count_the_rest) {
  Problems problems;
  for (std::size_t i = 0; i < Problems::kKept + 5; ++i) problems.error({}, "a", "b");
  EXPECT_EQ(problems.all().size(), Problems::kKept);
  EXPECT_EQ(problems.errors(), Problems::kKept + 5);
  EXPECT_NE(problems.str().find("... and 5 more\n"), std::string::npos);
}

TEST(Problems, warnings_alone_are_ok) {
  Problems problems;
  EXPECT_EQ(problems.str(), "");
  problems.warning({}, "a", "b");
  EXPECT_TRUE(problems.ok());
}

TEST(Shown, escapes_control_characters_and_cuts_long_values) {
  EXPECT_EQ(shown("a\"b\n\x01"), "\"a\\\"b\\n\\x01\"");
  EXPECT_EQ(shown(std::string(100, 'a')), "\"" + std::string(60, 'a') + "...\"");
}

TEST(Shown, never_cuts_a_utf8_sequence) {
  EXPECT_EQ(shown(std::string(59, 'a') + "\xC3\xA9z"), "\"" + std::string(59, 'a') + "\xC3\xA9...\"");
}

}  // namespace
}  // namespace proa::config
