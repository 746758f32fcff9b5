#include "config/write_yaml.h"

#include <gtest/gtest.h>

namespace proa::config {
namespace {

YamlTree read(std::string_view text) {
  Problems problems;
  auto tree = read_yaml(text, "a.yaml", problems);
  EXPECT_EQ(problems.str(), "") << text;
  return std::move(*tree);
}

std::string written(std::string_view text) {
  const YamlTree tree = read(text);
  YamlWriter writer;
  for (std::size_t i = 0; i < tree.root().size(); ++i) writer.entry(0, tree.root().key(i), tree.root().value(i));
  return writer.take();
}

void expect_same(const Node& a, const Node& b) {
  ASSERT_EQ(a.kind(), b.kind());
  EXPECT_EQ(a.text(), b.text());
  EXPECT_EQ(a.described(), b.described()) << a.text();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a.is_mapping()) expect_same(a.key(i), b.key(i));
    a.is_mapping() ? expect_same(a.value(i), b.value(i)) : expect_same(a.item(i), b.item(i));
  }
}

TEST(WriteYaml, writes_as_people_do) {
  const std::string text = R"(name: a
quoted: "1"
number: 0x1F
list:
- one
- - two
  - []
- key: value
  more:
  - {}
empty:
text: |
  first

    second
nothing: ""
)";
  EXPECT_EQ(written(text), text);
}

TEST(WriteYaml, flow_style_anchors_and_merges_become_blocks) {
  EXPECT_EQ(written("a: &x {b: [1, 'c']}\nd: *x\ne: {<<: *x, f: ~}"),
            "a:\n  b:\n  - 1\n  - c\nd:\n  b:\n  - 1\n  - c\ne:\n  f: ~\n  b:\n  - 1\n  - c\n");
}

TEST(WriteYaml, what_is_read_from_it_is_the_same_tree) {
  for (const std::string_view text : {
           "a: \"tab\\t nul\\0 del\\x7f bell\\a nel\\x85 ls\\u2028 bom\\ufeff smile \\U0001F600 \\r\\n\"",
           "a: |+\n  x\n\n\nb: c",
           "a: |-\n  x\n  y",
           "a: |\n  x\n",
           "a: \"\\n x\\n\"",
           "a: \" x\\ny\"",
           "a: \"x \\ny\"",
           "a: \"x\\n\\ty\\n\"",
           "a: \"---\\n...\\n\"",
           "a: [\"x\\ny\", {b: \"x\\ny\\n\"}, [\"x\\ny\\n\\n\"]]",
           "a: -x\nb: ?x\nc: :x\nd: x:y\ne: x#y\nf: -1\ng: .5\nh: '#x'",
           "\"quoted key\": 1\n'a: b': 2\nplain key with spaces: 3\n\"\": 4",
           "a: \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",
           "a: foo\n  bar",
           "a: !!str 5",
           "a: [,]",
           "a:\n- \n- b",
       }) {
    Problems problems;
    const auto first = read_yaml(text, "a.yaml", problems);
    if (!first) continue;  // the corpus of objects_fuzz has these
    const std::string again = written(text);
    expect_same(first->root(), read(again).root());
    EXPECT_EQ(written(again), again);
  }
}

TEST(WriteYaml, only_words_lose_their_quotes) {
  EXPECT_EQ(written("{\"a.b/c\": \"a.b/c-D_1\", \"d e\": \"d e\", f: \"yes\", g: \"1a\", h: \"Null\", i: '*'}"),
            "a.b/c: a.b/c-D_1\n\"d e\": \"d e\"\nf: \"yes\"\ng: \"1a\"\nh: \"Null\"\ni: \"*\"\n");
}

TEST(WriteYaml, an_indicator_between_commas_is_quoted) {
  EXPECT_EQ(written("{a: -, c: [-, -b]}"), "a: \"-\"\nc:\n- \"-\"\n- -b\n");
}

TEST(WriteYaml, a_plain_text_of_two_paragraphs_becomes_a_block) {
  EXPECT_EQ(written("a: x\n\n  y"), "a: |-\n  x\n  y\n");
}

}  // namespace
}  // namespace proa::config
