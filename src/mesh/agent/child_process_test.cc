#include "mesh/agent/child_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace proa::mesh {
namespace {

int run(std::vector<std::string> command, std::vector<std::string> without = {}) {
  auto pid = start_process({.command = std::move(command), .without = std::move(without)});
  EXPECT_TRUE(pid) << pid.error().why;
  int status = 0;
  ::waitpid(*pid, &status, 0);
  return status;
}

TEST(ChildProcess, ends_with_what_a_shell_would_say) {
  EXPECT_EQ(exit_code_of(run({"sh", "-c", "exit 7"})), 7);
  const int killed = run({"sh", "-c", "kill -9 $$"});
  EXPECT_EQ(exit_code_of(killed), 137);
  EXPECT_EQ(end_of(killed), "signal 9");
}

TEST(ChildProcess, tells_why_there_is_none) {
  auto missing = start_process({.command = {"/nowhere/at/all"}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().exit_code, 127);
  auto folder = start_process({.command = {"/tmp"}});
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().exit_code, 126);
}

TEST(ChildProcess, is_the_head_of_a_group_of_its_own) {
  auto pid = start_process({.command = {"sleep", "60"}});
  ASSERT_TRUE(pid);
  EXPECT_EQ(::getpgid(*pid), *pid);
  ::kill(-*pid, SIGKILL);
  int status = 0;
  ::waitpid(*pid, &status, 0);
  EXPECT_EQ(end_of(status), "signal 9");
}

TEST(ChildProcess, does_not_get_what_is_not_for_it) {
  ::setenv("PROA_TEST_SECRET", "x", 1);
  EXPECT_EQ(exit_code_of(run({"sh", "-c", "test -z \"$PROA_TEST_SECRET\""}, {"PROA_TEST_SECRET"})), 0);
  EXPECT_EQ(exit_code_of(run({"sh", "-c", "test -z \"$PROA_TEST_SECRET\""})), 1);
  ::unsetenv("PROA_TEST_SECRET");
}

TEST(ChildProcess, users_are_names_or_numbers) {
  EXPECT_EQ(find_user("root")->uid, 0u);
  EXPECT_EQ(find_user("1337:1338")->gid, 1338u);
  EXPECT_EQ(find_user("4242")->gid, 4242u);
  EXPECT_FALSE(find_user("nobody-has-this-name"));
  EXPECT_FALSE(find_user("root:nobody-has-this-name"));
}

}  // namespace
}  // namespace proa::mesh
