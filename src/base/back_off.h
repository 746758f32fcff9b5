// When to try again: exponential, with full jitter (Envoy's JitteredExponentialBackOffStrategy).
#pragma once

#include <algorithm>

#include "base/clock.h"
#include "base/random.h"

namespace proa {

/// As of Envoy's BackoffStrategy, or these.
struct BackOffOptions {
  Milliseconds base{500};  ///< > 0
  Milliseconds max{30'000};
};

/// The n-th wait is uniform between nothing and base * 2^n, the latter at most max.
class BackOff {
 public:
  explicit BackOff(const BackOffOptions& options) : options_(options) { reset(); }

  Milliseconds next(Random& random) {
    const Milliseconds below = bound_;
    bound_ = bound_ > options_.max / 2 ? options_.max : bound_ * 2;
    return Milliseconds(random.below(static_cast<uint64_t>(below.count())));
  }
  void reset() { bound_ = std::min(options_.base, options_.max); }

 private:
  BackOffOptions options_;
  Milliseconds bound_{};
};

}  // namespace proa
