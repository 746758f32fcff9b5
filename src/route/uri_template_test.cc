#include "route/uri_template.h"

#include <gtest/gtest.h>

namespace proa::route {
namespace {

bool matches(std::string_view text, std::string_view path) {
  auto made = UriTemplate::compile(text);
  EXPECT_TRUE(made) << made.error().message;
  return made && made->matches(path);
}

TEST(UriTemplate, wildcards_take_a_segment_or_the_rest) {
  EXPECT_TRUE(matches("/a/*/c", "/a/b/c"));
  EXPECT_FALSE(matches("/a/*/c", "/a/b/x/c"));
  EXPECT_FALSE(matches("/a/*/c", "/a//c"));
  EXPECT_TRUE(matches("/a/**", "/a/"));
  EXPECT_TRUE(matches("/a/**", "/a/b/c"));
  EXPECT_TRUE(matches("/**.m3u8", "/x/y.m3u8"));
  EXPECT_TRUE(matches("/{x}/end/", "/a/end/"));
  EXPECT_TRUE(matches("/{x=v/*}/{y=**}", "/v/1/a/b"));
}

TEST(UriTemplate, literals_are_no_regex) {
  EXPECT_FALSE(matches("/a.b", "/axb"));
  EXPECT_TRUE(matches("/a$(b)+", "/a$(b)+"));
}

TEST(UriTemplate, a_variable_may_follow_text_in_its_segment) {
  UriTemplate made = UriTemplate::compile("/star/*/x.{ext}").value();
  EXPECT_TRUE(made.matches("/star/q/x.png"));
  EXPECT_FALSE(made.matches("/star/q/xpng"));
  EXPECT_FALSE(UriTemplate::compile("/a/{b}{c}"));
}

TEST(UriTemplate, malformed_ones_are_refused) {
  for (std::string_view text :
       {"", "a", "/{", "/{1x}", "/{x}/{x}", "/**/*", "/{x=**}/{y}", "/{x=}", "/{x=a/}", "/a//b",
        "/{a}/{b}/{c}/{d}/{e}/{f}", "/{abcdefghijklmnopq}", "/*x/y", "/[a]", "/{x={y}}", "/{x=a*}"}) {
    EXPECT_FALSE(UriTemplate::compile(text)) << text;
  }
}

TEST(UriTemplate, rewrite_puts_variables_elsewhere) {
  Arena arena;
  auto match = UriTemplate::compile("/media/{country}/{lang=*}/{rest=**}").value();
  auto rewrite = UriTemplateRewrite::compile("/{rest}/{country}-{lang}", match).value();
  EXPECT_EQ(rewrite.rewrite("/media/de/at/a/b", match, arena), "/a/b/de-at");
  EXPECT_EQ(rewrite.rewrite("/other", match, arena), "/other");
  EXPECT_FALSE(UriTemplateRewrite::compile("/{nope}", match));
  EXPECT_FALSE(UriTemplateRewrite::compile("rest", match));
  EXPECT_FALSE(UriTemplateRewrite::compile("/{rest", match));
}

}  // namespace
}  // namespace proa::route
