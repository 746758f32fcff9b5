// What is counted for each subscription, with Envoy's names: cluster_manager.cds.update_success, and so on.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "observe/stats.h"

namespace proa::xds {

enum class SubscriptionStat : uint8_t {
  kAttempt,
  kSuccess,
  kFailure,   ///< the stream could not be had or ended; the file could not be read
  kRejected,  ///< an update with a resource that was refused
  kFetchTimeout,
  kTime,     ///< of the last success, in milliseconds since 1970
  kVersion,  ///< a hash of it: xxHash64 as Envoy's, without its two highest bits, which a gauge has no room for
};

/// For the schemas of subscribers, who differ by prefix ("cluster_manager", "cluster", "http", ...).
inline constexpr observe::StatDef kSubscriptionStats[] = {
    {"update_attempt"},
    {"update_success"},
    {"update_failure"},
    {"update_rejected"},
    {"init_fetch_timeout"},
    {"update_time", observe::StatKind::kGauge},
    {"version", observe::StatKind::kGauge},
};

/// Each does nothing for null.
void count_subscribed(observe::StatGroup* stats);
void count_success(observe::StatGroup* stats, std::string_view version, WallTime now);
void count_rejected(observe::StatGroup* stats);
void count_failure(observe::StatGroup* stats);
void count_fetch_timeout(observe::StatGroup* stats);

}  // namespace proa::xds
