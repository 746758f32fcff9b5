#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml_tree.h"

namespace proa::config {
namespace {

using testing::HasSubstr;

std::string errors_of(std::string_view text, const TreeLimits& limits = {}) {
  Problems problems;
  EXPECT_FALSE(read_json(text, "a.json", problems, limits).has_value());
  return problems.str();
}

YamlTree tree_of(std::string_view text) {
  Problems problems;
  auto tree = read_json(text, "a.json", problems);
  EXPECT_EQ(problems.str(), "");
  return std::move(tree).value();
}

TEST(JsonTree, keeps_marks_and_tells_strings_from_words) {
  const YamlTree tree = tree_of("{\n  \"a\": [true, \"true\", null, -1.5e3]\n}\n");
  const Node list = *tree.root().find("a");
  EXPECT_EQ(list.mark(), (Mark{"a.json", 2, 8}));
  EXPECT_EQ(list.item(0).boolean(), true);
  EXPECT_EQ(list.item(1).boolean(), std::nullopt);
  EXPECT_TRUE(list.item(2).is_null());
  EXPECT_EQ(list.item(3).text(), "-1.5e3");
}

TEST(JsonTree, reads_escapes_and_surrogate_pairs) {
  EXPECT_EQ(tree_of(R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00")").root().text(),
            "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80");
}

TEST(JsonTree, half_of_a_surrogate_pair_is_refused) {
  EXPECT_THAT(errors_of(R"("\ud83d")"), HasSubstr("this one does not exist"));
  EXPECT_THAT(errors_of(R"("\ude00")"), HasSubstr("this one does not exist"));
  EXPECT_THAT(errors_of(R"("\ud83d\u0041")"), HasSubstr("this one does not exist"));
}

TEST(JsonTree, is_strict) {
  EXPECT_THAT(errors_of("{\"a\": 1,}"), HasSubstr("a.json:1:9: a ',' stands before the end of the object"));
  EXPECT_THAT(errors_of("[1,]"), HasSubstr("before the end of the list"));
  EXPECT_THAT(errors_of("{// x\n}"), HasSubstr("JSON has no comments"));
  EXPECT_THAT(errors_of("{'a': 1}"), HasSubstr("double quotes"));
  EXPECT_THAT(errors_of("{a: 1}"), HasSubstr("found \"a\" where a key in double quotes is expected"));
  EXPECT_THAT(errors_of("[1 2]"), HasSubstr("found \"2\" where ',' or ']' is expected"));
  EXPECT_THAT(errors_of("[1"), HasSubstr("the file ends where ',' or ']' is expected"));
  EXPECT_THAT(errors_of("{\"a\" 1}"), HasSubstr("where ':' is expected"));
  EXPECT_THAT(errors_of("{} {}"), HasSubstr("something follows the end"));
  EXPECT_THAT(errors_of("[yes]"), HasSubstr("\"yes\" is no JSON value; a string needs double quotes"));
  for (const char* number : {"01", "+1", ".5", "1.", "1.e3", "0x1", "-", "Infinity", "NaN", "1e"}) {
    EXPECT_THAT(errors_of(number), HasSubstr("a.json:1:1: ")) << number;
  }
  EXPECT_THAT(errors_of("\"a\nb\""), HasSubstr("line break"));
  EXPECT_THAT(errors_of("\"a"), HasSubstr("never closed"));
  EXPECT_THAT(errors_of(""), HasSubstr("the file ends where a value is expected"));
  EXPECT_THAT(errors_of("\n \"\xFF\""), HasSubstr("a.json:2:3: is not valid UTF-8"));
}

TEST(JsonTree, duplicate_keys_and_depth_are_checked_as_in_yaml) {
  EXPECT_THAT(errors_of("{\"a\": 1,\n\"a\": 2}"), HasSubstr("a.json:2:1: key \"a\" is already in line 1"));
  EXPECT_THAT(errors_of(std::string(100'000, '[')), HasSubstr("more than 64 levels"));
}

}  // namespace
}  // namespace proa::config
