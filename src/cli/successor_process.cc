#include "cli/successor_process.h"

#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <cstring>

namespace proa::cli {

std::vector<std::string> successor_command(const std::vector<std::string>& command, uint32_t epoch) {
  constexpr std::string_view kEpoch = "--restart-epoch";
  std::vector<std::string> out;
  for (size_t i = 0; i < command.size(); ++i) {
    if (command[i] == kEpoch) {
      ++i;  // its value
    } else if (!command[i].starts_with(std::string(kEpoch) + '=')) {
      out.push_back(command[i]);
    }
  }
  out.emplace_back(kEpoch);
  out.push_back(std::to_string(epoch));
  return out;
}

Result<pid_t> start_process(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, arguments[0], nullptr, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  if (error) return fail(fmt::format("cannot start {}: {}", command[0], std::strerror(error)));
  return pid;
}

}  // namespace proa::cli
