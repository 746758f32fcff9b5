// A log-linear histogram: exact below 16, then 16 steps per power of two (error under 6.3 %).
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <vector>

namespace proa::observe {

inline constexpr unsigned kHistogramBits = 4;
inline constexpr uint64_t kHistogramMax = (uint64_t{1} << 40) - 1;  ///< larger samples count as this
inline constexpr size_t kHistogramBins = (40 - kHistogramBits + 1) << kHistogramBits;

constexpr size_t histogram_bin(uint64_t value) {
  if (value > kHistogramMax) value = kHistogramMax;
  if (value < (1u << kHistogramBits)) return value;
  unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kHistogramBits;
  return ((static_cast<size_t>(shift) + 1) << kHistogramBits) + ((value >> shift) & ((1u << kHistogramBits) - 1));
}
/// The smallest value of a bin.
constexpr uint64_t histogram_bin_start(size_t bin) {
  if (bin < (1u << kHistogramBits)) return bin;
  size_t shift = (bin >> kHistogramBits) - 1;
  return (uint64_t{(1u << kHistogramBits) + (bin & ((1u << kHistogramBits) - 1))}) << shift;
}

/// Written by one thread, read by any.
class HistogramCells {
 public:
  void record(uint64_t value) {
    bump(bins_[histogram_bin(value)], uint32_t{1});
    bump(sum_, value);
  }
  void reset();

 private:
  friend struct HistogramSnapshot;
  template <class T>
  static void bump(std::atomic<T>& cell, T n) {
    cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::array<std::atomic<uint32_t>, kHistogramBins> bins_{};
  std::atomic<uint64_t> sum_{0};
};

/// The threads' cells added up.
struct HistogramSnapshot {
  std::vector<uint64_t> bins = std::vector<uint64_t>(kHistogramBins);
  uint64_t count = 0;
  uint64_t sum = 0;

  void add(const HistogramCells& cells);
  /// Samples <= bound, as a Prometheus bucket counts them (whole bins: those that start at or below it).
  uint64_t count_at_most(double bound) const;
  /// The value under which `share` (0..1) of the samples lie; 0 when there is none.
  double quantile(double share) const;
};

}  // namespace proa::observe
