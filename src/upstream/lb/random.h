// This thread's random numbers.
#pragma once

#include "base/random.h"

namespace proa::upstream {

/// Seeded from the system's.
Random& thread_random();

}  // namespace proa::upstream
