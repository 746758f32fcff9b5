// The proxy beside a workload: started, asked until it is ready, started again when it dies, and drained at the end.
//
//   start --> kStarting --/ready says 200--> kReady --drain_inbound()--> inbound connections end
//               ^  \--dies--> kBackOff --+      \--dies--> kBackOff
//               +------------------------+
//   stop() from any: SIGTERM, after a while SIGKILL --> kStopped
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "base/back_off.h"
#include "base/random.h"
#include "mesh/agent/child_process.h"
#include "mesh/agent/http_fetch.h"
#include "net/loop.h"
#include "net/timer.h"

namespace proa::mesh {

struct ProxyProcessOptions {
  ProcessOptions process{};
  net::Address admin{};
  BackOffOptions back_off{Milliseconds(200), Milliseconds(15'000)};
};

/// On its loop's thread, which has the only thread of the process (see start_process).
class ProxyProcess {
 public:
  enum class State : uint8_t { kIdle, kStarting, kReady, kBackOff, kStopping, kStopped };
  struct Events {
    std::function<void()> ready;    ///< each time
    std::function<void()> stopped;  ///< after stop(); there is no process
  };

  ProxyProcess(net::Loop& loop, ProxyProcessOptions options, Events events);

  /// Fails when the program cannot be started at all, the first time.
  std::expected<void, StartFailure> start();
  /// A child has ended: true when it was this one.
  bool reaped(pid_t pid, int wait_status);
  /// Listeners for what comes in take no more and end what they have. `done`: no inbound connection is left, or `limit`
  /// is over, or there is no proxy that could be asked.
  void drain_inbound(Milliseconds limit, std::function<void()> done);
  /// SIGTERM; a second one, which does not wait for connections, after `grace`; SIGKILL a second later.
  void stop(Milliseconds grace);

  State state() const { return state_; }
  bool ready() const { return state_ == State::kReady; }
  uint64_t restarts() const { return restarts_; }
  /// What /ready said last, or why it said nothing.
  const std::string& last_answer() const { return last_answer_; }
  const net::Address& admin() const { return options_.admin; }

 private:
  void on_timer();
  void ask_ready();
  void ask_inbound();
  void count_inbound(const Fetched& fetched);
  void close_inbound();
  void drained();

  net::Loop& loop_;
  const ProxyProcessOptions options_;
  const Events events_;
  Random random_;
  BackOff back_off_;
  net::Timer timer_;
  HttpFetch fetch_;
  std::function<void()> drained_;
  MonoTime drain_until_{};
  MonoTime ready_since_{};
  std::string last_answer_;
  pid_t pid_ = 0;
  uint64_t restarts_ = 0;
  bool hurried_ = false;  // told twice to end
  State state_ = State::kIdle;
};

}  // namespace proa::mesh
