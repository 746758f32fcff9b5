// Budgets for what a peer may do that costs us and brings nothing (threats.md H6 to H9; performance.md 5.2).
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "http/codec.h"

namespace proa::http::h2 {

/// Tokens that come back with time, and with useful traffic.
class TokenBudget {
 public:
  TokenBudget(double capacity, double per_second) : tokens_(capacity), capacity_(capacity), per_second_(per_second) {}
  /// False when there is none left.
  bool spend(MonoTime now) {
    if (now > last_) {
      std::chrono::duration<double> passed = now - last_;
      if (last_ != MonoTime()) tokens_ = std::min(capacity_, tokens_ + passed.count() * per_second_);
      last_ = now;
    }
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  void earn() { tokens_ = std::min(capacity_, tokens_ + 1); }

 private:
  double tokens_;
  double capacity_;
  double per_second_;
  MonoTime last_{};
};

/// One per connection. Every check returns true while the peer is within its budget.
class FloodGuard {
 public:
  explicit FloodGuard(const Http2Options& options)
      : options_(options),
        resets_(options.max_premature_resets,
                options.max_premature_resets * 1000.0 / std::max<int64_t>(1, options.premature_reset_window.count())),
        pings_(kPings, kPings / 100),
        settings_(kSettings, kSettings / 10),
        glitches_(kGlitches, kGlitches / 10),
        tiny_data_(kTinyData, kTinyData / 10) {}

  static constexpr double kPings = 1000;  ///< and one for each HEADERS or DATA frame, either way
  static constexpr double kSettings = 100;
  static constexpr double kGlitches = 1000;  ///< unknown frames, frames on streams that are gone
  static constexpr double kTinyData = 10'000;
  static constexpr size_t kTinySize = 4;        ///< gRPC's smallest message has 5 bytes
  static constexpr uint32_t kMaxSettings = 32;  ///< entries of one SETTINGS frame (CVE-2020-11080)

  void stream_opened() {
    ++streams_;
    pings_.earn();
    glitches_.earn();
  }
  void data_sent() {
    ++data_sent_;
    pings_.earn();
  }
  void data_received() { pings_.earn(); }

  /// A stream was reset, by either side, because of the peer and before the response was complete.
  bool premature_reset(MonoTime now) { return resets_.spend(now); }
  bool ping(MonoTime now) { return pings_.spend(now); }
  bool settings(MonoTime now) { return settings_.spend(now); }
  bool glitch(MonoTime now) { return glitches_.spend(now); }
  bool tiny_data(MonoTime now) { return tiny_data_.spend(now); }
  bool priority() { return ++priorities_ <= uint64_t{options_.max_priority_frames_per_stream} * (1 + streams_); }
  bool window_update() {
    return ++window_updates_ <= 5 + 2 * (streams_ + uint64_t{options_.max_window_updates_per_data_frame} * data_sent_);
  }
  /// A HEADERS, CONTINUATION or DATA frame; `empty`: it had no payload and ended nothing.
  bool frame(bool empty) {
    if (!empty) {
      empty_frames_ = 0;
      return true;
    }
    return ++empty_frames_ <= options_.max_consecutive_empty_frames;
  }

 private:
  const Http2Options& options_;
  TokenBudget resets_;
  TokenBudget pings_;
  TokenBudget settings_;
  TokenBudget glitches_;
  TokenBudget tiny_data_;
  uint64_t streams_ = 0;
  uint64_t data_sent_ = 0;
  uint64_t priorities_ = 0;
  uint64_t window_updates_ = 0;
  uint32_t empty_frames_ = 0;
};

}  // namespace proa::http::h2
