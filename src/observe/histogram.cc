#include "observe/histogram.h"

#include <algorithm>
#include <cmath>

namespace proa::observe {

void HistogramCells::reset() {
  for (auto& bin : bins_) bin.store(0, std::memory_order_relaxed);
  sum_.store(0, std::memory_order_relaxed);
}

void HistogramSnapshot::add(const HistogramCells& cells) {
  for (size_t i = 0; i < kHistogramBins; ++i) {
    uint64_t n = cells.bins_[i].load(std::memory_order_relaxed);
    bins[i] += n;
    count += n;
  }
  sum += cells.sum_.load(std::memory_order_relaxed);
}

uint64_t HistogramSnapshot::count_at_most(double bound) const {
  uint64_t total = 0;
  for (size_t i = 0; i < kHistogramBins && static_cast<double>(histogram_bin_start(i)) <= bound; ++i) {
    total += bins[i];
  }
  return total;
}

double HistogramSnapshot::quantile(double share) const {
  if (count == 0) return 0;
  auto rank = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count)));
  rank = std::clamp<uint64_t>(rank, 1, count);
  uint64_t seen = 0;
  for (size_t i = 0; i < kHistogramBins; ++i) {
    seen += bins[i];
    if (seen >= rank) return static_cast<double>(histogram_bin_start(i));
  }
  return static_cast<double>(kHistogramMax);
}

}  // namespace proa::observe
