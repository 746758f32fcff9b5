#include "upstream/lb/random.h"

#include <random>

namespace proa::upstream {

Random& thread_random() {
  thread_local Random random((static_cast<uint64_t>(std::random_device{}()) << 32) | std::random_device{}());
  return random;
}

}  // namespace proa::upstream
