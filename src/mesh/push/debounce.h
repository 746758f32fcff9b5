// Turns a burst of changes into one push.
#pragma once

#include <functional>

#include "net/loop.h"
#include "net/timer.h"

namespace proa::mesh {

/// istiod's PILOT_DEBOUNCE_AFTER and PILOT_DEBOUNCE_MAX.
struct DebounceOptions {
  Milliseconds quiet{100};    ///< after the last change
  Milliseconds most{10'000};  ///< after the first one, however many follow
};

/// On its loop's thread.
class Debounce {
 public:
  Debounce(net::Loop& loop, const DebounceOptions& options, std::function<void()> push)
      : loop_(loop), options_(options), push_(std::move(push)), timer_(net::Timer::of<&Debounce::on_timer>(this)) {}

  void changed() {
    if (!timer_.active()) first_ = loop_.now();
    const auto left = std::chrono::ceil<Milliseconds>(first_ + options_.most - loop_.now());
    timer_.start(loop_, std::max(std::min(options_.quiet, left), Milliseconds(0)));
  }
  bool waiting() const { return timer_.active(); }

 private:
  void on_timer() { push_(); }

  net::Loop& loop_;
  const DebounceOptions options_;
  std::function<void()> push_;
  net::Timer timer_;
  MonoTime first_{};
};

}  // namespace proa::mesh
