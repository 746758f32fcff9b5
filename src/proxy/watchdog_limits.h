// How long a turn of an event loop may take before the watchdog counts it, or ends the process.
#pragma once

#include "base/clock.h"

namespace proa::proxy {

/// Of one kind of thread. Zero turns a limit off.
struct WatchdogLimits {
  Milliseconds miss{200};
  Milliseconds megamiss{1000};
  Milliseconds kill{0};        ///< for one thread
  Milliseconds multikill{0};   ///< for several threads at the same time:
  double multikill_share = 0;  ///< this share of them, at least two
};

}  // namespace proa::proxy
