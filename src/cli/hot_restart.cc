#include "cli/hot_restart.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/restart_socket.h"
#include "cli/successor_process.h"

namespace proa::cli {

HotRestart::HotRestart(net::Loop& loop, HotRestartOptions options)
    : loop_(loop), options_(std::move(options)), epoch_(options_.epoch.value_or(0)), first_started_(loop.now()) {}

HotRestart::~HotRestart() = default;

Status HotRestart::begin() {
  if (!options_.enabled) return {};
  if (!options_.epoch || *options_.epoch == 0) {
    Result<net::Fd> socket = open_restart_socket(options_.base_id);
    if (socket) {
      socket_ = std::move(*socket);
      return {};
    }
    if (options_.epoch && !options_.required) {
      log::get("main").info("no hot restart: {}", socket.error().message);
      return {};
    }
    if (options_.epoch) {
      return fail(socket.error().message + " (--restart-epoch auto takes over, --base-id keeps apart)");
    }
  }
  Result<RestartSuccessor> taken = RestartSuccessor::take_over(options_.base_id, ::geteuid());
  if (!taken) return std::unexpected(taken.error());
  epoch_ = taken->epoch() + 1;
  if (options_.epoch && *options_.epoch != epoch_) {
    return fail(fmt::format("--restart-epoch {} does not follow: base id {} is at epoch {}", *options_.epoch,
                            options_.base_id, taken->epoch()));
  }
  first_started_ = loop_.now() - taken->age();
  socket_ = taken->restart_socket();
  successor_ = std::move(*taken);
  return {};
}

std::string HotRestart::version() const {
  return options_.enabled ? fmt::format("proa.{}", kRestartProtocol) : "disabled";
}

Status HotRestart::offer(std::function<std::vector<PassedSocket>()> sockets,
                         std::function<void(const Succession&)> succeeded) {
  if (!socket_) return {};
  auto made = RestartPredecessor::make(loop_, std::move(socket_),
                                       {.epoch = epoch_,
                                        .first_started = first_started_,
                                        .user = ::geteuid(),
                                        .sockets = std::move(sockets),
                                        .succeeded = std::move(succeeded)});
  if (!made) return std::unexpected(made.error());
  predecessor_ = std::move(*made);
  return {};
}

void HotRestart::start_successor() {
  if (!predecessor_ || succeeded()) return log::get("main").error("SIGUSR2: hot restart is off in this process");
  if (child_) return log::get("main").error("SIGUSR2: process {} is on its way already", child_);
  Result<pid_t> started = start_process(successor_command(options_.command, epoch_ + 1));
  if (!started) return log::get("main").error("SIGUSR2: {}", started.error().message);
  child_ = *started;
  log::get("main").info("started process {} to take over", child_);
}

void HotRestart::reap() {
  int status = 0;
  while (child_ && ::waitpid(child_, &status, WNOHANG) == child_) {
    log::get("main").error(
        "process {}, started to take over, has ended with {}", child_,
        WIFEXITED(status) ? fmt::format("code {}", WEXITSTATUS(status)) : fmt::format("signal {}", WTERMSIG(status)));
    child_ = 0;
  }
}

}  // namespace proa::cli
