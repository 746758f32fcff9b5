#include "upstream/lb/priority_load.h"

#include <algorithm>

namespace proa::upstream {

namespace {

template <class List>
uint64_t weight_of(const List& hosts, bool weighted) {
  if (!weighted) return hosts.size();
  uint64_t sum = 0;
  for (const auto& host : hosts) sum += host->weight();
  return sum;
}

bool under_threshold(const PriorityHosts& hosts, uint32_t threshold) {
  size_t counted = hosts.hosts.size() - hosts.excluded;
  size_t usable = hosts.healthy.size() + hosts.degraded.size();
  return counted == 0 ? threshold > 0 : usable * 100 < static_cast<size_t>(threshold) * counted;
}

}  // namespace

PriorityLoad::PriorityLoad(const HostSet& hosts, uint32_t panic_threshold) {
  panic_threshold = std::min(panic_threshold, 100U);
  uint64_t available = 0;
  for (const PriorityHosts& priority : hosts.priorities()) {
    Level level;
    bool weighted = hosts.weighted_priority_health();
    uint64_t total = weight_of(priority.hosts, weighted);
    uint64_t excluded = 0;
    if (weighted && priority.excluded) {
      for (const HostRef& host : priority.hosts) {
        if (host->has(HealthFlag::kExcluded) || host->has(HealthFlag::kPendingActive)) excluded += host->weight();
      }
    } else {
      excluded = priority.excluded;
    }
    if (total > excluded) {
      uint64_t factor = hosts.overprovisioning_factor();
      level.healthy_available = static_cast<uint32_t>(
          std::min<uint64_t>(100, factor * weight_of(priority.healthy, weighted) / (total - excluded)));
      level.degraded_available = static_cast<uint32_t>(
          std::min<uint64_t>(100, factor * weight_of(priority.degraded, weighted) / (total - excluded)));
    }
    available += level.healthy_available + level.degraded_available;
    levels_.push_back(level);
  }
  available = std::min<uint64_t>(available, 100);
  if (available == 0 && panic_threshold == 0) {
    levels_[0].healthy = 100;  // nothing will be found there
    return;
  }
  spread(levels_);
  bool total_panic = true;
  for (size_t i = 0; i < levels_.size(); ++i) {
    levels_[i].panic = available < 100 && under_threshold(hosts.priorities()[i], panic_threshold);
    total_panic = total_panic && levels_[i].panic;
  }
  if (total_panic) spread_in_total_panic(hosts);
}

void PriorityLoad::spread(std::vector<Level>& levels) {
  uint32_t total = 0;
  for (const Level& level : levels) total += level.healthy_available + level.degraded_available;
  total = std::min(total, 100U);
  uint32_t left = 100;
  if (total == 0) {
    for (Level& level : levels) level.healthy = level.degraded = 0;
    levels[0].healthy = 100;
    return;
  }
  uint32_t* first_healthy = nullptr;
  uint32_t* first_degraded = nullptr;
  for (Level& level : levels) {
    if (!first_healthy && level.healthy_available) first_healthy = &level.healthy;
    level.healthy = std::min(left, level.healthy_available * 100 / total);
    left -= level.healthy;
  }
  for (Level& level : levels) {
    if (!first_degraded && level.degraded_available) first_degraded = &level.degraded;
    level.degraded = std::min(left, level.degraded_available * 100 / total);
    left -= level.degraded;
  }
  *(first_healthy ? first_healthy : first_degraded) += left;  // what rounding left over
}

void PriorityLoad::spread_in_total_panic(const HostSet& hosts) {
  if (hosts.size() == 0) {
    levels_[0].healthy = 100;
    return;
  }
  uint32_t left = 100;
  Level* first = nullptr;
  for (size_t i = 0; i < levels_.size(); ++i) {
    size_t count = hosts.priorities()[i].hosts.size();
    if (!first && count) first = &levels_[i];
    levels_[i].healthy = static_cast<uint32_t>(100 * count / hosts.size());
    levels_[i].degraded = 0;
    left -= levels_[i].healthy;
  }
  first->healthy += left;
}

PriorityLoad::Choice PriorityLoad::choose_from(const std::vector<Level>& levels, uint64_t hash) {
  uint64_t point = hash % 100;
  for (uint32_t i = 0; i < levels.size(); ++i) {
    if (point < levels[i].healthy) return {i, false};
    point -= levels[i].healthy;
  }
  for (uint32_t i = 0; i < levels.size(); ++i) {
    if (point < levels[i].degraded) return {i, true};
    point -= levels[i].degraded;
  }
  return {};
}

PriorityLoad::Choice PriorityLoad::choose(uint64_t hash, uint32_t tried) const {
  if (levels_.size() == 1) [[likely]] {
    if (levels_[0].healthy == 100) return {};
    return choose_from(levels_, hash);
  }
  if (tried == 0) return choose_from(levels_, hash);
  // A retry: spread again as if the priorities already tried had no hosts (previous_priorities).
  std::vector<Level> rest = levels_;
  uint32_t available = 0;
  for (size_t i = 0; i < rest.size(); ++i) {
    if (i < 32 && (tried >> i & 1)) rest[i].healthy_available = rest[i].degraded_available = 0;
    available += rest[i].healthy_available + rest[i].degraded_available;
  }
  if (available == 0) return choose_from(levels_, hash);  // all were tried: start over
  spread(rest);
  return choose_from(rest, hash);
}

}  // namespace proa::upstream
