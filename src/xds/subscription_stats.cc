#include "xds/subscription_stats.h"

#include "upstream/lb/hash_table.h"

namespace proa::xds {

namespace {

// As in Envoy, whatever happens is an attempt, too.
void count(observe::StatGroup* stats, SubscriptionStat what) {
  if (!stats) return;
  stats->add(SubscriptionStat::kAttempt);
  if (what != SubscriptionStat::kAttempt) stats->add(what);
}

}  // namespace

void count_subscribed(observe::StatGroup* stats) { count(stats, SubscriptionStat::kAttempt); }
void count_rejected(observe::StatGroup* stats) { count(stats, SubscriptionStat::kRejected); }
void count_failure(observe::StatGroup* stats) { count(stats, SubscriptionStat::kFailure); }
void count_fetch_timeout(observe::StatGroup* stats) { count(stats, SubscriptionStat::kFetchTimeout); }

void count_success(observe::StatGroup* stats, std::string_view version, WallTime now) {
  if (!stats) return;
  count(stats, SubscriptionStat::kSuccess);
  stats->set(SubscriptionStat::kTime, std::chrono::duration_cast<Milliseconds>(now.time_since_epoch()).count());
  stats->set(SubscriptionStat::kVersion, static_cast<int64_t>(upstream::xx_hash(version, 0) & (UINT64_MAX >> 2)));
}

}  // namespace proa::xds
