#include "upstream/breakers.h"

#include <algorithm>

namespace proa::upstream {

uint32_t Breakers::limit(Resource resource) const {
  switch (resource) {
    case Resource::kConnections: return thresholds_.max_connections;
    case Resource::kPending: return thresholds_.max_pending_requests;
    case Resource::kRequests: return thresholds_.max_requests;
    case Resource::kPools: return thresholds_.max_connection_pools;
    case Resource::kRetries: break;
  }
  if (!thresholds_.retry_budget) return thresholds_.max_retries;
  // A budget replaces max_retries: a part of what is under way, at least min_concurrency.
  const RetryBudgetSpec& budget = *thresholds_.retry_budget;
  double active = static_cast<double>(used(Resource::kRequests)) + used(Resource::kPending);
  return std::max(budget.min_concurrency, static_cast<uint32_t>(active * budget.percent / 100.0));
}

Breakers::Taken Breakers::take(Resource resource) {
  std::atomic<uint32_t>& count = this->count(resource);
  const uint32_t limit = this->limit(resource);
  uint32_t now = count.load(std::memory_order_relaxed);
  do {
    if (now >= limit) return Taken::kNo;
  } while (!count.compare_exchange_weak(now, now + 1, std::memory_order_relaxed));
  return now + 1 == limit ? Taken::kYesAndFull : Taken::kYes;
}

Breakers::Taken Breakers::force(Resource resource) {
  const uint32_t limit = this->limit(resource);
  const uint32_t before = count(resource).fetch_add(1, std::memory_order_relaxed);
  if (before >= limit) return Taken::kYesAndOver;
  return before + 1 == limit ? Taken::kYesAndFull : Taken::kYes;
}

Breakers::Released Breakers::release(Resource resource) {
  const uint32_t limit = this->limit(resource);
  const uint32_t before = count(resource).fetch_sub(1, std::memory_order_relaxed);
  if (before > limit) return Released::kFromOver;
  return before == limit ? Released::kFromFull : Released::kFromBelow;
}

}  // namespace proa::upstream
