// What the story of an exchange waits for: a set of things that have happened, and one coroutine to resume.
#pragma once

#include <coroutine>
#include <cstdint>
#include <utility>

namespace proa::proxy {

enum class Signal : uint8_t {
  kFilterResumed = 1,  ///< the filter that waited lets the request pass
  kOutcome = 2,        ///< the attempt has a response head or has failed
  kBackoff = 4,        ///< time for the next attempt
  kOver = 8,           ///< answered locally, finished, or the client is gone
};

/// One waiter. Signals that nobody waits for stay set until they are taken. Resumes inside set().
class Signals {
 public:
  void set(Signal signal) {
    pending_ |= static_cast<uint8_t>(signal);
    if (waiter_ && (pending_ & (wanted_ | static_cast<uint8_t>(Signal::kOver)))) std::exchange(waiter_, {}).resume();
  }
  void clear(Signal signal) { pending_ &= static_cast<uint8_t>(~static_cast<uint8_t>(signal)); }

  /// `co_await signals.wait(s)`: goes on when `s` or kOver is set; takes `s`.
  auto wait(Signal signal) {
    struct Awaiter {
      Signals& signals;
      Signal wanted;
      bool await_ready() const {
        return signals.pending_ & (static_cast<uint8_t>(wanted) | static_cast<uint8_t>(Signal::kOver));
      }
      void await_suspend(std::coroutine_handle<> handle) {
        signals.waiter_ = handle;
        signals.wanted_ = static_cast<uint8_t>(wanted);
      }
      void await_resume() { signals.clear_taken(wanted); }
    };
    return Awaiter{*this, signal};
  }

 private:
  void clear_taken(Signal signal) {
    if (signal != Signal::kOver) clear(signal);
  }
  std::coroutine_handle<> waiter_;
  uint8_t pending_ = 0;
  uint8_t wanted_ = 0;
};

}  // namespace proa::proxy
