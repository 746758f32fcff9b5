// A token bucket that all workers share without a lock: exact over all of them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>

#include "base/clock.h"

namespace proa::filters {

/// One word of state (fills counted, tokens left), so that taking is one compare-and-swap. Tokens come in steps of
/// the fill interval, as Envoy's do.
class TokenBucket {
 public:
  /// `interval` > 0. Starts full.
  TokenBucket(uint32_t max_tokens, uint32_t tokens_per_fill, Duration interval)
      : max_(max_tokens), fill_(std::max(tokens_per_fill, 1U)), interval_(interval) {}

  /// A full one with the same limits.
  std::shared_ptr<TokenBucket> another() const { return std::make_shared<TokenBucket>(max_, fill_, interval_); }

  /// Takes `tokens`; false, and nothing taken, when there are not as many.
  bool take(MonoTime now, uint32_t tokens = 1) {
    State before = load(now);
    for (;;) {
      State state = refilled(before, now);
      if (state.tokens < tokens) return false;
      state.tokens -= tokens;
      uint64_t expected = before.word();
      if (word_.compare_exchange_weak(expected, state.word(), std::memory_order_relaxed)) return true;
      before = State::from(expected);
    }
  }
  uint32_t available(MonoTime now) const { return refilled(load(now), now).tokens; }
  uint32_t max() const { return max_; }
  /// Until the next fill.
  Duration until_fill(MonoTime now) const {
    State state = refilled(load(now), now);
    return interval_ * (state.step + 1) - since_start(now);
  }

 private:
  struct State {
    uint32_t step;  // fills since the start, modulo 2^32
    uint32_t tokens;
    uint64_t word() const { return (uint64_t{step} << 32) | tokens; }
    static State from(uint64_t word) { return {static_cast<uint32_t>(word >> 32), static_cast<uint32_t>(word)}; }
  };
  Duration since_start(MonoTime now) const { return now - MonoTime(Duration(start_.load(std::memory_order_relaxed))); }
  /// The first call fixes the time from which fills are counted.
  State load(MonoTime now) const {
    int64_t unset = 0;
    if (start_.load(std::memory_order_relaxed) == 0) {
      const int64_t ns = std::chrono::duration_cast<Duration>(now.time_since_epoch()).count();
      if (start_.compare_exchange_strong(unset, std::max<int64_t>(ns, 1))) word_.store(State{0, max_}.word());
    }
    return State::from(word_.load(std::memory_order_relaxed));
  }
  State refilled(State state, MonoTime now) const {
    const Duration elapsed = since_start(now);
    if (elapsed < Duration::zero()) return state;
    const auto step = static_cast<uint32_t>(elapsed / interval_);
    const uint32_t fills = step - state.step;
    if (fills == 0 || fills > UINT32_MAX / 2) return state;
    const uint64_t tokens = state.tokens + uint64_t{fills} * fill_;
    return {step, static_cast<uint32_t>(std::min<uint64_t>(tokens, max_))};
  }

  const uint32_t max_;
  const uint32_t fill_;
  const Duration interval_;
  mutable std::atomic<int64_t> start_{0};
  mutable std::atomic<uint64_t> word_{0};
};

}  // namespace proa::filters
