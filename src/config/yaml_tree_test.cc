#include "config/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proa::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string errors_of(std::string_view text, const TreeLimits& limits = {}) {
  Problems problems;
  EXPECT_FALSE(read_yaml(text, "a.yaml", problems, limits).has_value());
  return problems.str();
}

YamlTree tree_of(std::string_view text) {
  Problems problems;
  auto tree = read_yaml(text, "a.yaml", problems);
  EXPECT_EQ(problems.str(), "");
  return std::move(tree).value();
}

TEST(YamlTree, keeps_order_and_marks_of_keys_and_values) {
  const YamlTree tree = tree_of("b: 1\na:\n  - x\n  - {k: v}\n");
  const Node root = tree.root();
  ASSERT_EQ(root.size(), 2u);
  EXPECT_EQ(root.key(0).text(), "b");
  EXPECT_EQ(root.key(1).mark(), (Mark{"a.yaml", 2, 1}));
  const Node list = root.value(1);
  ASSERT_TRUE(list.is_sequence());
  EXPECT_EQ(list.item(0).mark(), (Mark{"a.yaml", 3, 5}));
  EXPECT_EQ(list.item(1).find("k")->text(), "v");
  EXPECT_EQ(list.item(1).find("k")->mark(), (Mark{"a.yaml", 4, 9}));
}

TEST(YamlTree, only_plain_true_and_false_are_booleans) {
  const YamlTree tree = tree_of("[true, false, 'true', yes, on, \"false\", True]");
  const Node root = tree.root();
  EXPECT_EQ(root.item(0).boolean(), true);
  EXPECT_EQ(root.item(1).boolean(), false);
  for (std::size_t i = 2; i < root.size(); ++i) EXPECT_EQ(root.item(i).boolean(), std::nullopt) << i;
}

TEST(YamlTree, null_is_a_plain_tilde_null_or_nothing) {
  const YamlTree tree = tree_of("a: ~\nb: null\nc:\nd: ''\ne: 'null'\nf: !!str null\n");
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(tree.root().value(i).is_null()) << i;
  for (std::size_t i = 3; i < 6; ++i) EXPECT_FALSE(tree.root().value(i).is_null()) << i;
}

TEST(YamlTree, an_empty_document_is_null) {
  EXPECT_TRUE(tree_of("").root().is_null());
  EXPECT_TRUE(tree_of(std::string_view()).root().is_null());
  EXPECT_TRUE(tree_of("# nothing\n").root().is_null());
}

TEST(YamlTree, a_duplicate_key_names_both_lines) {
  EXPECT_EQ(errors_of("a: 1\nb: 2\na: 3\n"),
            "a.yaml:3:1: key \"a\" is already in line 1; keep one of the two\n1 error\n");
}

TEST(YamlTree, all_duplicate_keys_are_named_at_once) {
  const std::string errors = errors_of("a: 1\na: 2\nb: {c: 1, c: 2}\n");
  EXPECT_THAT(errors, HasSubstr("2:1: key \"a\""));
  EXPECT_THAT(errors, HasSubstr("3:11: key \"c\""));
}

TEST(YamlTree, an_alias_shares_what_its_anchor_names) {
  const YamlTree tree = tree_of("a: &x {k: v}\nb: *x\n");
  EXPECT_EQ(tree.root().find("b")->find("k")->text(), "v");
  EXPECT_EQ(tree.root().find("b")->mark().line, 1u);
}

TEST(YamlTree, merge_keys_add_what_is_not_there) {
  const YamlTree tree =
      tree_of("base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\nx:\n  <<: [*base, *more]\n  a: 9\n");
  const Node x = *tree.root().find("x");
  EXPECT_EQ(x.size(), 3u);
  EXPECT_EQ(x.find("a")->text(), "9");
  EXPECT_EQ(x.find("b")->text(), "2");
  EXPECT_EQ(x.find("c")->text(), "4");
}

TEST(YamlTree, the_same_mapping_merged_twice_adds_its_keys_once) {
  EXPECT_EQ(tree_of("base: &base {a: 1}\nx:\n  <<: [*base, *base]\n").root().find("x")->size(), 1u);
}

TEST(YamlTree, a_duplicate_is_found_among_many_keys) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "k" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(tree_of(text).root().size(), 100u);
  EXPECT_THAT(errors_of(text + "k3: 2\n"), HasSubstr("a.yaml:101:1: key \"k3\" is already in line 4"));
  EXPECT_THAT(errors_of(text + "k99: 2\n"), HasSubstr("a.yaml:101:1: key \"k99\" is already in line 100"));
}

TEST(YamlTree, a_merge_key_needs_a_mapping) {
  EXPECT_THAT(errors_of("x:\n  <<: [1]\n"), HasSubstr("a.yaml:2:8: '<<' must be followed by an alias of a mapping"));
  EXPECT_THAT(errors_of("x:\n  <<: 1\n"), HasSubstr("'<<' must be followed by"));
}

TEST(YamlTree, an_alias_without_anchor_or_inside_of_its_own_is_refused) {
  EXPECT_THAT(errors_of("a: *x\n"), HasSubstr("a.yaml:1:4: alias *x has no anchor &x before it"));
  EXPECT_THAT(errors_of("a: &x [*x]\n"), HasSubstr("is inside of its own anchor"));
}

TEST(YamlTree, billion_laughs_are_refused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 1; k < 10; ++k) text += ", " + before;
    text += "]\n";
  }
  EXPECT_THAT(errors_of(text), HasSubstr("aliases expand to more than 100000 values"));
}

TEST(YamlTree, depth_counts_through_aliases) {
  EXPECT_THAT(errors_of("a: &x [[[1]]]\nb: [[*x]]\n", {.depth = 5}), HasSubstr("is nested more than 5 levels deep"));
  EXPECT_THAT(errors_of(std::string(70, '[') + std::string(70, ']')), HasSubstr("more than 64 levels"));
}

TEST(YamlTree, nodes_and_bytes_are_limited) {
  EXPECT_THAT(errors_of("[1, 2, 3, 4]", {.nodes = 4}), HasSubstr("more than 4 values"));
  EXPECT_THAT(errors_of("[1, 2, 3, 4]", {.bytes = 4}), HasSubstr("has 12 bytes, more than 4"));
}

TEST(YamlTree, a_second_document_is_refused) {
  EXPECT_THAT(errors_of("a: 1\n---\nb: 2\n"), StartsWith("a.yaml:2:1: a second document begins here"));
}

TEST(YamlTree, a_byte_order_mark_is_skipped) {
  EXPECT_EQ(tree_of("\xEF\xBB\xBF"
                    "a: 1\n")
                .root()
                .key(0)
                .mark(),
            (Mark{"a.yaml", 1, 1}));
  EXPECT_THAT(errors_of(std::string_view("\xFF\xFE"
                                         "a\0",
                                         4)),
              HasSubstr("is UTF-16; save the file as UTF-8"));
}

TEST(YamlTree, a_tab_is_named) {
  EXPECT_EQ(errors_of("a:\n\tb: 1\n"),
            "a.yaml:2:1: a tab is used for indentation; YAML allows only spaces there\n1 error\n");
}

TEST(YamlTree, common_mistakes_are_explained) {
  EXPECT_THAT(errors_of("a: b: c\n"), HasSubstr("a.yaml:1:5: a ':' is not allowed here"));
  EXPECT_THAT(errors_of("a: \"x\n"), HasSubstr("the quote opened in line 1 is never closed"));
  EXPECT_THAT(errors_of("a: \"\\.x\"\n"), HasSubstr("use single quotes, as for regular expressions"));
  EXPECT_THAT(errors_of("a: @x\n"), HasSubstr("a value cannot begin with \"@\""));
  EXPECT_THAT(errors_of("a: [1, 2\nb: 3\n"), HasSubstr("misses a ',' or its end"));
  EXPECT_THAT(errors_of("a:\n  b: 1\n c: 2\n"), HasSubstr("a.yaml:3:2: this line does not fit the mapping"));
  EXPECT_THAT(errors_of("a:\n  - 1\n  b: 2\n"), HasSubstr("does not belong to the list that begins in line 2"));
  EXPECT_THAT(errors_of("a: 1\nb\nc: 2\n"), HasSubstr("has no ':' after it"));
  EXPECT_THAT(errors_of("a: !secret x\n"), HasSubstr("the tag \"!secret\" has no meaning here"));
  EXPECT_THAT(errors_of("{a: 1}: b\n"), HasSubstr("a key must be a plain word"));
}

TEST(YamlTree, invalid_utf8_has_a_place) {
  EXPECT_THAT(errors_of("a: b\nc: \xFF\n"), HasSubstr("a.yaml:2:4: is not valid UTF-8"));
}

TEST(YamlTree, columns_count_characters) { EXPECT_EQ(tree_of("\"\xC3\xA9\": x\n").root().value(0).mark().column, 6u); }

TEST(YamlTree, numbers_are_described_as_such) {
  const YamlTree tree = tree_of("[1, 1.5, 1e3, x, '1', 0x1f, true, ~, 1.2.3.4]");
  const std::vector<std::string_view> want = {"a number", "a number",  "a number", "a string", "a string",
                                              "a number", "a boolean", "null",     "a string"};
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_EQ(tree.root().item(i).described(), want[i]) << i;
}

TEST(YamlTree, a_stream_of_documents_leaves_out_the_empty_ones) {
  Problems problems;
  const auto trees = read_yaml_documents("---\na: &x 1\n---\n# nothing\n---\nb: 2\n...\n---\n", "a.yaml", problems);
  EXPECT_EQ(problems.str(), "");
  ASSERT_EQ(trees->size(), 2u);
  EXPECT_EQ((*trees)[0].root().find("a")->text(), "1");
  EXPECT_EQ((*trees)[1].root().find("b")->mark(), (Mark{"a.yaml", 6, 4}));
  EXPECT_EQ(read_yaml_documents("", "a.yaml", problems)->size(), 0u);
}

TEST(YamlTree, a_stream_with_one_bad_document_is_none) {
  Problems problems;
  EXPECT_FALSE(read_yaml_documents("a: &x 1\n---\nb: *x\n", "a.yaml", problems));  // anchors end with their document
  EXPECT_FALSE(read_yaml_documents("a: 1\na: 2\n---\nb: 2\n", "a.yaml", problems));
  EXPECT_FALSE(read_yaml_documents("a: 1\n---\nb: [\n", "b.yaml", problems));
  EXPECT_EQ(problems.errors(), 3u) << problems.str();
}

}  // namespace
}  // namespace proa::config
