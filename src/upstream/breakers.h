// Circuit breakers of one cluster and priority: counts over all workers, against limits.
#pragma once

#include <atomic>
#include <cstdint>

#include "upstream/spec.h"

namespace proa::upstream {

enum class Resource : uint8_t { kConnections, kPending, kRequests, kRetries, kPools };
inline constexpr size_t kResources = 5;

/// Any thread, no lock. One cache line, touched a few times a request. The gauges of the statistics (*_open, remaining_*)
/// are kept by who takes and releases: both tell where that was, below the limit, at it, or above.
class alignas(64) Breakers {
 public:
  enum class Taken : uint8_t { kNo, kYes, kYesAndFull, kYesAndOver };
  enum class Released : uint8_t { kFromBelow, kFromFull, kFromOver };

  /// `thresholds` outlives this.
  explicit Breakers(const BreakerThresholds& thresholds) : thresholds_(thresholds) {}

  Taken take(Resource resource);
  /// Takes whatever the limit is (a pool without a connection may always have one).
  Taken force(Resource resource);
  Released release(Resource resource);
  uint32_t used(Resource resource) const { return count(resource).load(std::memory_order_relaxed); }
  uint32_t limit(Resource resource) const;
  const BreakerThresholds& thresholds() const { return thresholds_; }

 private:
  std::atomic<uint32_t>& count(Resource resource) { return used_[static_cast<size_t>(resource)]; }
  const std::atomic<uint32_t>& count(Resource resource) const { return used_[static_cast<size_t>(resource)]; }

  const BreakerThresholds& thresholds_;
  std::atomic<uint32_t> used_[kResources] = {};
};

}  // namespace proa::upstream
