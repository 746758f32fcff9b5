// Starts a program beside this one, so that it does not outlive it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace proa::mesh {

/// As which user a program runs: resolved before it is started.
struct ProcessUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name{};  ///< for its other groups; empty: it has none
};

/// "NAME", "UID" or either with ":GROUP". Fails for a name that the system does not know.
Result<ProcessUser> find_user(const std::string& text);

struct ProcessOptions {
  std::vector<std::string> command{};  ///< the program, looked for in PATH, and its arguments
  std::optional<ProcessUser> user{};   ///< needs root
  std::vector<std::string> without{};  ///< variables of the environment that it does not get
  /// Gets the terminal, if standard input is one and ours: its signals (Ctrl-C) go to this program alone.
  bool foreground = false;
};

/// Why a program did not start, and the exit code that shells give: 127 not found, 126 anything else.
struct StartFailure {
  std::string why;
  int exit_code = 126;
};

/// In a process group of its own, without blocked signals; it gets SIGTERM when this process dies in any way. Only while
/// this process has one thread.
std::expected<pid_t, StartFailure> start_process(const ProcessOptions& options);

/// What a shell says: the exit code, or 128 and the signal.
int exit_code_of(int wait_status);
/// "exit code 3", "signal 9".
std::string end_of(int wait_status);

}  // namespace proa::mesh
