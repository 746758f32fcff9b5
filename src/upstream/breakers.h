// Circuit breakers of one cluster and priority: counts over all workers, against limits.
#pragma once

#include <atomic>
#include <cstdint>

#include "upstream/spec.h"

namespace proa::upstream {

enum class Resource : uint8_t { kConnections, kPending, kRequests, kRetries };

/// Any thread, no lock. One cache line, touched a few times a request. The *_open gauges of the statistics are
/// kept by who takes and releases: both tell when the limit was reached or left.
class alignas(64) Breakers {
 public:
  enum class Taken : uint8_t { kNo, kYes, kYesAndFull };

  /// `thresholds` outlives this.
  explicit Breakers(const BreakerThresholds& thresholds) : thresholds_(thresholds) {}

  Taken take(Resource resource);
  /// Takes whatever the limit is (a pool without a connection may always have one).
  Taken force(Resource resource);
  /// True when the resource was full and is not any more.
  bool release(Resource resource);
  uint32_t used(Resource resource) const { return count(resource).load(std::memory_order_relaxed); }
  uint32_t limit(Resource resource) const;
  uint32_t remaining(Resource resource) const;
  const BreakerThresholds& thresholds() const { return thresholds_; }

 private:
  std::atomic<uint32_t>& count(Resource resource) { return used_[static_cast<size_t>(resource)]; }
  const std::atomic<uint32_t>& count(Resource resource) const { return used_[static_cast<size_t>(resource)]; }

  const BreakerThresholds& thresholds_;
  std::atomic<uint32_t> used_[4] = {};
};

}  // namespace proa::upstream
