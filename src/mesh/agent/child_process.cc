#include "mesh/agent/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/number.h"
#include "net/fd.h"

namespace proa::mesh {

namespace {

Result<gid_t> find_group(const std::string& text) {
  if (auto number = parse_decimal<uint32_t>(text)) return *number;
  const group* found = ::getgrnam(text.c_str());
  if (!found) return fail(fmt::format("there is no group {}", text));
  return found->gr_gid;
}

// Of the child: nothing that fails here is told but by errno.
bool become(const ProcessUser& user) {
  const int groups = user.name.empty() ? ::setgroups(0, nullptr) : ::initgroups(user.name.c_str(), user.gid);
  return groups == 0 && ::setgid(user.gid) == 0 && ::setuid(user.uid) == 0;
}

void take_terminal() {
  if (::tcgetpgrp(STDIN_FILENO) != ::getpgid(::getppid())) return;
  std::signal(SIGTTOU, SIG_IGN);
  ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
}

[[noreturn]] void run_child(const ProcessOptions& options, pid_t parent, int report) {
  ::setpgid(0, 0);
  if (options.foreground) take_terminal();
  for (int signal : {SIGPIPE, SIGTTOU}) std::signal(signal, SIG_DFL);  // what this program ignores
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const std::string& name : options.without) ::unsetenv(name.c_str());
  std::vector<char*> arguments;
  for (const std::string& each : options.command) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  // After the change of user, which takes it back.
  if (!options.user || become(*options.user)) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(126);
    ::execvp(arguments[0], arguments.data());
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t wrote = ::write(report, &error, sizeof error);
  ::_exit(126);
}

}  // namespace

Result<ProcessUser> find_user(const std::string& text) {
  const size_t colon = text.find(':');
  const std::string user = text.substr(0, colon);
  ProcessUser out;
  const passwd* found = nullptr;
  if (auto number = parse_decimal<uint32_t>(user)) {
    out.uid = out.gid = *number;
    found = ::getpwuid(*number);
  } else {
    found = ::getpwnam(user.c_str());
    if (!found) return fail(fmt::format("there is no user {}", user));
  }
  if (found) {
    out.uid = found->pw_uid;
    out.gid = found->pw_gid;
    out.name = found->pw_name;
  }
  if (colon == std::string::npos) return out;
  auto group = find_group(text.substr(colon + 1));
  if (!group) return std::unexpected(group.error());
  out.gid = *group;
  return out;
}

std::expected<pid_t, StartFailure> start_process(const ProcessOptions& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(StartFailure{std::strerror(errno)});
  net::Fd read_end(ends[0]), write_end(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return std::unexpected(StartFailure{std::strerror(errno)});
  if (pid == 0) run_child(options, parent, write_end.get());
  write_end.reset();
  ::setpgid(pid, pid);  // in both, as either may come first
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(read_end.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return pid;  // closed by its exec
  ::waitpid(pid, nullptr, 0);
  const bool missing = error == ENOENT || error == ENOTDIR;
  return std::unexpected(StartFailure{fmt::format("cannot start {}: {}", options.command.front(), std::strerror(error)),
                                      missing ? 127 : 126});
}

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

std::string end_of(int wait_status) {
  if (WIFSIGNALED(wait_status)) return fmt::format("signal {}", WTERMSIG(wait_status));
  return fmt::format("exit code {}", WEXITSTATUS(wait_status));
}

}  // namespace proa::mesh
