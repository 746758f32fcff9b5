#include "http/path_normalize.h"

#include <gtest/gtest.h>

#include <string>

#include "http/percent.h"

namespace proa::http {
namespace {

std::string normal(std::string_view path, PathRules rules = {}) {
  Arena arena;
  NormalPath result = normalize_path(path, rules, arena);
  switch (result.verdict) {
    case PathVerdict::kOk: return std::string(result.path);
    case PathVerdict::kRedirect: return "redirect " + std::string(result.path);
    case PathVerdict::kReject: return std::string(result.reason);
  }
  return "";
}

TEST(PathNormalize, leaves_plain_paths_where_they_are) {
  Arena arena;
  for (std::string_view path :
       {"/", "/a", "/a/b/", "/a.b/c..d/.e/f.", "/...", "/a?b=/../%2f//", "*", "/a;b=1/c", "/%C3%A9"}) {
    NormalPath result = normalize_path(path, {}, arena);
    EXPECT_EQ(result.path, path);
    EXPECT_EQ(result.verdict, PathVerdict::kOk);
  }
  std::string_view plain = "/a/b";
  EXPECT_EQ(normalize_path(plain, {}, arena).path.data(), plain.data());
}

TEST(PathNormalize, resolves_dot_segments) {
  EXPECT_EQ(normal("/."), "/");
  EXPECT_EQ(normal("/.."), "/");
  EXPECT_EQ(normal("/../.."), "/");
  EXPECT_EQ(normal("/./a"), "/a");
  EXPECT_EQ(normal("/a/."), "/a/");
  EXPECT_EQ(normal("/a/./b"), "/a/b");
  EXPECT_EQ(normal("/a/.."), "/");
  EXPECT_EQ(normal("/a/../b"), "/b");
  EXPECT_EQ(normal("/a/../../../b"), "/b");
  EXPECT_EQ(normal("/a/b/../c/"), "/a/c/");
  EXPECT_EQ(normal("/a//../b"), "/a/b");
  EXPECT_EQ(normal("/a/...//.b"), "/a/...//.b");
  EXPECT_EQ(normal("/a/../b?x=/../y"), "/b?x=/../y");
}

TEST(PathNormalize, decodes_unreserved_characters_once) {
  EXPECT_EQ(normal("/%61dmin"), "/admin");
  EXPECT_EQ(normal("/%2e%2E/a"), "/a");
  EXPECT_EQ(normal("/b/%2e%2e/a"), "/a");
  EXPECT_EQ(normal("/b/.%2e/a"), "/a");
  EXPECT_EQ(normal("/%7euser"), "/~user");
  EXPECT_EQ(normal("/%252e%252e/a"), "/%252e%252e/a");
  EXPECT_EQ(normal("/%252f"), "/%252f");
  EXPECT_EQ(normal("/%c3%a9%3f"), "/%C3%A9%3F");
  EXPECT_EQ(normal("/%c0%ae%c0%ae/"), "/%C0%AE%C0%AE/");  // overlong dots are bytes, not dots
}

TEST(PathNormalize, takes_backslashes_for_slashes) {
  EXPECT_EQ(normal("/a\\..\\b"), "/b");
  EXPECT_EQ(normal("/\\a"), "//a");
}

TEST(PathNormalize, merges_slashes_when_asked) {
  PathRules rules;
  rules.merge_slashes = true;
  EXPECT_EQ(normal("//a///b//", rules), "/a/b/");
  EXPECT_EQ(normal("/a/..//b", rules), "/b");
  EXPECT_EQ(normal("/a//b"), "/a//b");
  EXPECT_EQ(normal("/a?b=//", rules), "/a?b=//");
}

TEST(PathNormalize, has_four_actions_for_escaped_slashes) {
  PathRules rules;
  EXPECT_EQ(normal("/a%2fb", rules), "path_normalization_failed");
  EXPECT_EQ(normal("/a%5Cb", rules), "path_normalization_failed");
  EXPECT_EQ(normal("/a?b=%2f", rules), "/a?b=%2f");
  rules.escaped_slashes = EscapedSlashes::kKeep;
  EXPECT_EQ(normal("/a%2fb%5c..", rules), "/a%2Fb%5C..");
  rules.escaped_slashes = EscapedSlashes::kUnescapeAndForward;
  EXPECT_EQ(normal("/a%2fb", rules), "/a/b");
  EXPECT_EQ(normal("/a%2f..%5C%5cb", rules), "//b");
  rules.escaped_slashes = EscapedSlashes::kUnescapeAndRedirect;
  EXPECT_EQ(normal("/a%2Fb?c", rules), "redirect /a/b?c");
  EXPECT_EQ(normal("/a/../b", rules), "/b");
}

TEST(PathNormalize, rejects_nul_and_broken_escapes_in_every_mode) {
  for (bool normalize : {false, true}) {
    for (auto action : {EscapedSlashes::kKeep, EscapedSlashes::kReject, EscapedSlashes::kUnescapeAndForward}) {
      PathRules rules{normalize, false, action};
      for (std::string_view bad : {"/%00", "/a%00b", "/%", "/%2", "/%g0", "/%0g", "/a%?b", "/..%"}) {
        EXPECT_EQ(normal(bad, rules), "path_normalization_failed") << bad;
      }
    }
  }
}

TEST(PathNormalize, can_be_switched_off) {
  PathRules off{false, false, EscapedSlashes::kKeep};
  for (std::string_view path : {"/a/../b", "//a", "/%61", "/a\\b", "/%2f"}) EXPECT_EQ(normal(path, off), path);
}

TEST(PathNormalize, is_idempotent) {
  for (std::string_view path : {"/a/./b/../c", "/%2e%2e//%41/..", "/x%2fy/..", "/\\..\\/.", "/.%2e%2f%2e./a"}) {
    for (auto action : {EscapedSlashes::kKeep, EscapedSlashes::kUnescapeAndForward}) {
      PathRules rules{true, true, action};
      std::string once = normal(path, rules);
      EXPECT_EQ(normal(once, rules), once) << path;
    }
  }
}

TEST(Percent, decodes_and_encodes) {
  Arena arena;
  EXPECT_EQ(percent_decode("a%20b%2Fc+", arena), "a b/c+");
  EXPECT_EQ(percent_decode("%00", arena), std::string_view("\0", 1));
  for (std::string_view bad : {"%", "%2", "%zz", "a%"}) EXPECT_FALSE(percent_decode(bad, arena)) << bad;
  EXPECT_EQ(percent_encode("a b/c~\n", arena), "a%20b%2Fc~%0A");
  EXPECT_EQ(percent_encode("/a b", arena, "/"), "/a%20b");
}

}  // namespace
}  // namespace proa::http
