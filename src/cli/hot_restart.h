// Hot restart as the program sees it: whom it takes over from when it starts, and who takes over from it later.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/restart_predecessor.h"
#include "cli/restart_successor.h"
#include "net/loop.h"

namespace proa::cli {

struct HotRestartOptions {
  bool enabled = true;
  bool required = false;  ///< a base id that another process has is an error; else hot restart is off then
  uint32_t base_id = 0;
  std::optional<uint32_t> epoch = 0;   ///< empty: one more than the process that is there, 0 without one
  proxy::DrainPlan predecessor{};      ///< what the process before is told
  std::vector<std::string> command{};  ///< of this process
};

/// Main thread.
class HotRestart {
 public:
  HotRestart(net::Loop& loop, HotRestartOptions options);
  ~HotRestart();

  /// Takes the base id, or what the process before has. Fails when there is none and there should be.
  Status begin();
  bool takes_over() const { return successor_.has_value(); }
  uint32_t epoch() const { return epoch_; }
  /// What /hot_restart_version says.
  std::string version() const;
  /// When the first process of the row started.
  MonoTime first_started() const { return first_started_; }
  proxy::InheritedSockets listeners() { return successor_ ? successor_->listeners() : proxy::InheritedSockets(); }
  net::Fd admin_socket(const std::string& address) {
    return successor_ ? successor_->admin_socket(address) : net::Fd();
  }

  /// This process serves: the one before drains, and its admin listener is closed when this returns.
  Status step_in() { return successor_ ? successor_->step_in(options_.predecessor) : Status(); }
  /// From now on another process may take over.
  Status offer(std::function<std::vector<PassedSocket>()> sockets, std::function<void(const Succession&)> succeeded);
  /// No longer: the process ends. The base id is free.
  void withdraw() { predecessor_.reset(); }
  /// Another process serves in place of this one.
  bool succeeded() const { return predecessor_ && predecessor_->succeeded(); }

  /// SIGUSR2: starts the next process.
  void start_successor();
  /// SIGCHLD: tells of a next process that ended.
  void reap();

 private:
  net::Loop& loop_;
  HotRestartOptions options_;
  uint32_t epoch_;
  MonoTime first_started_;
  net::Fd socket_;  // until offer()
  std::optional<RestartSuccessor> successor_;
  std::unique_ptr<RestartPredecessor> predecessor_;
  pid_t child_ = 0;
};

}  // namespace proa::cli
