#include "cli/proa/unified_diff.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace proa::cli {
namespace {

std::string diff(std::string_view before, std::string_view after) { return unified_diff(before, after, "a", "b"); }

TEST(UnifiedDiff, equal_texts_do_not_differ) {
  EXPECT_EQ(diff("", ""), "");
  EXPECT_EQ(diff("a\nb\n", "a\nb\n"), "");
}

TEST(UnifiedDiff, has_three_lines_around_a_change) {
  EXPECT_EQ(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n"),
            "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
}

TEST(UnifiedDiff, of_nothing_is_everything) {
  EXPECT_EQ(diff("", "1\n2\n"), "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+1\n+2\n");
  EXPECT_EQ(diff("1\n", ""), "--- a\n+++ b\n@@ -1 +0,0 @@\n-1\n");
}

TEST(UnifiedDiff, a_last_line_without_an_end_is_told) {
  EXPECT_EQ(diff("1", "1\n"), "--- a\n+++ b\n@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+1\n");
}

/// Whether `patch` makes `after` of `before` by it: another program's reading of what we write.
TEST(UnifiedDiff, patch_applies_what_it_says) {
  if (std::system("command -v patch >/dev/null") != 0) GTEST_SKIP() << "no patch command";
  const auto folder = std::filesystem::path(testing::TempDir()) / ("unified_diff." + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::string before, after;
    for (int line = 0; line < 40; ++line) {
      const std::string text = "line " + std::to_string(random() % 6) + "\n";
      const auto what = random() % 10;
      if (what != 0) before += text;
      if (what != 1) after += what == 2 ? "other\n" : text;
    }
    std::ofstream(folder / "a") << before;
    std::ofstream(folder / "patch") << diff(before, after);
    const std::string command = "patch -s '" + (folder / "a").string() + "' '" + (folder / "patch").string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0) << diff(before, after);
    std::stringstream got;
    got << std::ifstream(folder / "a").rdbuf();
    ASSERT_EQ(got.str(), after);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace proa::cli
