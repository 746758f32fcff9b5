// Weighted round robin without state but one turn number, so that all workers can share it.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

namespace proa::upstream {

/// Immutable. Weights are scaled to 16 bits; turn n visits entry n % size, and takes it in as many of its rounds as
/// its weight asks, evenly spaced (gRPC's static stride scheduler). The heaviest entry is taken at every visit, so
/// a pick ends after at most `size` turns.
class StrideSchedule {
 public:
  /// At least one weight, none of them 0.
  explicit StrideSchedule(std::span<const uint32_t> weights);
  /// The index whose turn it is.
  size_t pick(std::atomic<uint64_t>& turn) const;

 private:
  static constexpr uint64_t kMax = 65535;
  std::vector<uint16_t> weights_;
};

}  // namespace proa::upstream
