// Timers on a hierarchical timing wheel of 1 ms ticks.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/list.h"

namespace proa::net {

class Loop;
class TimerWheel;

/// A one-shot timer inside the object that wants it: no allocation. Everything only on its loop's thread. It may
/// be destroyed at any time, also by its own callback.
///
/// Restarting is nearly free: while the timer is linked, a later deadline is only noted, and the link is moved
/// when the old one comes up. So an idle timer may be restarted at every request.
class Timer : private ListLink<TimerWheel> {
 public:
  /// What to call: an object that outlives the timer, and one of its methods.
  struct Callback {
    void* object;
    void (*call)(void*);
  };
  template <auto Method, class T>
  static Callback of(T* object) {
    return {object, [](void* p) { (static_cast<T*>(p)->*Method)(); }};
  }

  explicit Timer(Callback callback) : callback_(callback) {}

  /// (Re)starts: the callback runs once, `delay` after the start of this turn or up to 1 ms later. kNever (any
  /// negative delay) stops it instead.
  void start(Loop& loop, Milliseconds delay);
  void stop() { deadline_ = kStopped; }
  bool active() const { return deadline_ != kStopped; }

 private:
  friend class TimerWheel;
  friend class List<Timer, TimerWheel>;
  static constexpr uint64_t kStopped = UINT64_MAX;

  Callback callback_;
  uint64_t deadline_ = kStopped;  // tick at which to fire
  uint64_t linked_at_ = 0;        // tick of the slot it hangs in: never after deadline_
  TimerWheel* wheel_ = nullptr;   // the wheel it is linked to
};

/// Six levels of 64 slots: level n has slots of 64^n ms, so the wheel spans two years; later deadlines wait in the
/// last level and go round again. Start and stop are O(1); finding the next tick looks at six words.
class TimerWheel {
 public:
  explicit TimerWheel(MonoTime start) : start_(start) {}
  ~TimerWheel();

  void start(Timer& timer, MonoTime now, Milliseconds delay);
  /// Calls the callbacks of all timers due at `now`, in the order of their ticks.
  void advance(MonoTime now);
  /// How long nothing can be due: an underestimate; kNever when there is no timer.
  Milliseconds next_wait(MonoTime now);

 private:
  static constexpr int kLevels = 6;
  static constexpr int kBits = 6;
  static constexpr int kSlots = 1 << kBits;
  using Slot = List<Timer, TimerWheel>;
  struct Expiry {
    uint64_t tick;
    int level;
    int slot;
  };

  uint64_t tick_at(MonoTime time) const;
  uint64_t tick_after(MonoTime time) const;
  void link(Timer& timer);
  bool next_expiry(Expiry& out);
  void expire(const Expiry& expiry);

  MonoTime start_;
  uint64_t elapsed_ = 0;                      // every tick up to here has been handled
  std::array<uint64_t, kLevels> occupied_{};  // a set bit may be stale, a clear one may not
  std::array<std::array<Slot, kSlots>, kLevels> slots_;
};

}  // namespace proa::net
