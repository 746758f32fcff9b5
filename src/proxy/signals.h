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

  /// `co_await signals.wait(s)`: goes on when `s` or kOver is set; takes and returns it, kOver before all others.
  auto wait(Signal signal) { return Awaiter{*this, static_cast<uint8_t>(signal)}; }
  /// The same for the first of two; `first` when both are set.
  auto wait(Signal first, Signal second) {
    return Awaiter{*this, static_cast<uint8_t>(static_cast<uint8_t>(first) | static_cast<uint8_t>(second)), first};
  }

 private:
  struct Awaiter {
    Signals& signals;
    uint8_t wanted;
    Signal preferred = Signal::kOver;
    bool await_ready() const { return signals.pending_ & (wanted | static_cast<uint8_t>(Signal::kOver)); }
    void await_suspend(std::coroutine_handle<> handle) {
      signals.waiter_ = handle;
      signals.wanted_ = wanted;
    }
    Signal await_resume() { return signals.take(wanted, static_cast<uint8_t>(preferred)); }
  };
  Signal take(uint8_t wanted, uint8_t preferred) {
    const uint8_t over = static_cast<uint8_t>(Signal::kOver);
    if (pending_ & over) return Signal::kOver;  // stays set
    const uint8_t taken = pending_ & preferred ? preferred : pending_ & wanted;
    pending_ &= static_cast<uint8_t>(~taken);
    return static_cast<Signal>(taken);
  }
  std::coroutine_handle<> waiter_;
  uint8_t pending_ = 0;
  uint8_t wanted_ = 0;
};

}  // namespace proa::proxy
