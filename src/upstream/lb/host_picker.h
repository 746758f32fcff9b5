// One policy over one list of hosts: round robin, least request, random.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/random.h"
#include "upstream/lb/host.h"
#include "upstream/lb/lb_spec.h"
#include "upstream/lb/stride_schedule.h"

namespace proa::upstream {

/// Immutable but for its turn; any thread. The hosts outlive it.
class HostPicker {
 public:
  /// `spec` outlives the picker; `hosts` too, and does not change.
  HostPicker(const LbSpec& spec, std::span<Host* const> hosts, uint64_t seed);
  /// nullptr when there are no hosts.
  Host* pick(MonoTime now, Random& random) const;

 private:
  Host* round_robin(Random& random) const;
  Host* least_request(MonoTime now, Random& random) const;
  Host* sample(Random& random) const;
  Host* sample_ready(MonoTime now, Random& random) const;
  /// Less is better.
  bool less_loaded(const Host& a, const Host& b) const;
  /// The part of its weight that a host in slow start has.
  double slow_start_factor(const Host& host, MonoTime now) const;
  bool accept(const Host& host, MonoTime now, Random& random) const;

  const LbSpec& spec_;
  std::span<Host* const> hosts_;
  std::unique_ptr<StrideSchedule> schedule_;  // round robin with unequal weights
  std::vector<uint64_t> cumulative_;          // random and least request with unequal weights
  MonoTime slow_start_end_;                   // nobody is in slow start after this
  alignas(64) mutable std::atomic<uint64_t> turn_;
};

}  // namespace proa::upstream
