#include "upstream/lb/stride_schedule.h"

#include <algorithm>
#include <cmath>

namespace proa::upstream {

StrideSchedule::StrideSchedule(std::span<const uint32_t> weights) {
  const double heaviest = *std::max_element(weights.begin(), weights.end());
  weights_.reserve(weights.size());
  for (uint32_t weight : weights) {
    weights_.push_back(static_cast<uint16_t>(std::max(1.0, std::round(weight * double(kMax) / heaviest))));
  }
}

size_t StrideSchedule::pick(std::atomic<uint64_t>& turn) const {
  for (;;) {
    uint64_t now = turn.fetch_add(1, std::memory_order_relaxed);
    size_t index = now % weights_.size();
    uint64_t round = now / weights_.size();
    uint64_t weight = weights_[index];
    // Entries of equal weight start half a round apart, so that they do not skip together.
    uint64_t phase = (weight * round + index * (kMax / 2)) % kMax;
    if (phase >= kMax - weight) return index;
  }
}

}  // namespace proa::upstream
