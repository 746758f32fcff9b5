// Signals as events of the main loop.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "base/result.h"
#include "net/loop.h"

namespace proa::cli {

/// Blocks SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD and `more` for the process (make it before any thread) and
/// delivers them on the loop. SIGPIPE is ignored.
class SignalEvents final : private net::EventSource {
 public:
  static Result<std::unique_ptr<SignalEvents>> make(net::Loop& loop, std::function<void(int)> on_signal,
                                                    std::initializer_list<int> more = {});
  ~SignalEvents();

 private:
  SignalEvents(net::Loop& loop, net::Fd fd, std::function<void(int)> on_signal);
  void on_events(uint32_t events) override;

  net::Loop& loop_;
  net::Fd fd_;
  net::WatchId id_;
  std::function<void(int)> on_signal_;
};

}  // namespace proa::cli
