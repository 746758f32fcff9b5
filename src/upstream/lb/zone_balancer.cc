#include "upstream/lb/zone_balancer.h"

#include <algorithm>
#include <map>

namespace proa::upstream {

ZoneBalancer::ZoneBalancer(std::shared_ptr<const LbSpec> spec, std::shared_ptr<const HostSet> hosts,
                           const LbInputs& inputs)
    : spec_(std::move(spec)),
      hosts_(std::move(hosts)),
      load_(*hosts_, spec_->panic_threshold),
      levels_(hosts_->priorities().size()) {
  for (size_t i = 0; i < levels_.size(); ++i) build_level(levels_[i], hosts_->priorities()[i], inputs.seed);
  if (spec_->zone_aware) build_zone_routing(inputs.local_hosts.get());
}

void ZoneBalancer::build_level(Level& level, const PriorityHosts& hosts, uint64_t seed) {
  auto picker = [&](const std::vector<Host*>& list) {
    return list.empty() ? nullptr : std::make_unique<const HostPicker>(*spec_, list, seed);
  };
  // Only what can be chosen is built: `all` serves panic and nothing else.
  if (load_.panic(static_cast<uint32_t>(&level - levels_.data()))) {
    level.all = picker(hosts.all);
    return;
  }
  level.healthy = picker(hosts.healthy);
  level.degraded = picker(hosts.degraded);
  if (!spec_->locality_weighted && !spec_->zone_aware) return;
  for (const LocalityGroup& group : hosts.localities) {
    level.locality_healthy.push_back(picker(group.healthy));
    level.locality_degraded.push_back(picker(group.degraded));
  }
  if (spec_->locality_weighted) {
    build_localities(level.by_healthy, hosts, false);
    build_localities(level.by_degraded, hosts, true);
  }
}

void ZoneBalancer::build_localities(LocalityChoice& choice, const PriorityHosts& hosts, bool degraded) const {
  std::vector<uint32_t> weights;
  for (uint32_t i = 0; i < hosts.localities.size(); ++i) {
    const LocalityGroup& group = hosts.localities[i];
    const std::vector<Host*>& usable = degraded ? group.degraded : group.healthy;
    size_t excluded = std::count_if(group.hosts.begin(), group.hosts.end(), [](const Host* host) {
      return host->has(HealthFlag::kExcluded) || host->has(HealthFlag::kPendingActive);
    });
    size_t counted = group.hosts.size() - excluded;
    if (group.weight == 0 || usable.empty() || counted == 0) continue;
    double available = std::min(1.0, hosts_->overprovisioning_factor() / 100.0 * static_cast<double>(usable.size()) /
                                         static_cast<double>(counted));
    // Hundredths keep small weights apart after scaling by availability.
    double weight = std::clamp(group.weight * available * 100.0, 1.0, 4e9);
    choice.index.push_back(i);
    weights.push_back(static_cast<uint32_t>(weight));
  }
  if (!weights.empty()) choice.schedule = std::make_unique<StrideSchedule>(weights);
}

void ZoneBalancer::build_zone_routing(const HostSet* local) {
  const PriorityHosts& upstream = hosts_->priorities()[0];
  const ZoneAwareSpec& spec = *spec_->zone_aware;
  if (!local || load_.panic(0) || upstream.localities.size() < 2) return;
  const PriorityHosts& own = local->priorities()[0];
  if (own.localities.size() < 2 && !spec.force_local) return;
  if (!own.first_is_local || own.localities[0].hosts.empty()) return;
  if (upstream.healthy.size() < spec.min_cluster_size) return;
  zone_.local_in_panic = own.healthy.size() * 100 < own.hosts.size() * spec_->panic_threshold;

  std::map<Locality, uint64_t> own_counts;
  uint64_t own_total = 0;
  for (const LocalityGroup& group : own.localities) {
    own_counts[*group.locality] += group.healthy.size();
    own_total += group.healthy.size();
  }
  auto per_10000 = [](uint64_t part, uint64_t total) { return total ? part * 10000 / total : 0; };
  uint64_t accumulated = 0;
  for (size_t i = 0; i < upstream.localities.size(); ++i) {
    const LocalityGroup& group = upstream.localities[i];
    auto found = own_counts.find(*group.locality);
    uint64_t demand = group.healthy.empty() || found == own_counts.end() ? 0 : per_10000(found->second, own_total);
    uint64_t supply = per_10000(group.healthy.size(), upstream.healthy.size());
    if (i == 0 && upstream.first_is_local) {
      if (supply > 0 && (supply >= demand || spec.force_local)) {
        zone_.state = ZoneRouting::State::kDirect;
        return;
      }
      zone_.local_per_10000 = demand ? static_cast<uint32_t>(supply * 10000 / demand) : 0;
    } else if (supply > demand) {
      accumulated += supply - demand;
    }
    zone_.residual.push_back(accumulated);
  }
  zone_.state = ZoneRouting::State::kResidual;
}

Host* ZoneBalancer::choose(LbContext& context, Random& random) const {
  Host* host = nullptr;
  uint32_t attempts = context.filter ? std::max(1U, context.filter_attempts) : 1;
  for (uint32_t i = 0; i < attempts; ++i) {
    host = choose_once(context, random);
    if (!host || !context.filter || !context.filter->reject(*host)) break;
  }
  return host;  // the last one, even when it was rejected
}

const HostPicker* ZoneBalancer::locality_picker(const Level& level, bool degraded, size_t index) const {
  return (degraded ? level.locality_degraded : level.locality_healthy)[index].get();
}

Host* ZoneBalancer::choose_once(LbContext& context, Random& random) const {
  auto [priority, degraded] = load_.choose(random.next(), context.tried_priorities);
  const Level& level = levels_[priority];
  const HostPicker* picker = nullptr;
  if (load_.panic(priority)) {
    context.note(LbEvent::kHealthyPanic);
    if (spec_->zone_aware && spec_->zone_aware->fail_traffic_on_panic) return nullptr;
    picker = level.all.get();
  } else {
    picker = degraded ? level.degraded.get() : level.healthy.get();
    const LocalityChoice& localities = degraded ? level.by_degraded : level.by_healthy;
    if (localities.schedule) {
      picker = locality_picker(level, degraded, localities.index[localities.schedule->pick(localities.turn)]);
    } else if (priority == 0 && zone_.state != ZoneRouting::State::kOff &&
               random.below(100) < spec_->zone_aware->routing_percent) {
      if (!zone_.local_in_panic) {
        picker = locality_picker(level, degraded, choose_zone(context, random));
      } else if (spec_->zone_aware->fail_traffic_on_panic) {
        return nullptr;
      }
    }
  }
  return picker ? picker->pick(context.now, random) : nullptr;
}

size_t ZoneBalancer::choose_zone(LbContext& context, Random& random) const {
  if (zone_.state == ZoneRouting::State::kDirect) {
    context.note(LbEvent::kZoneAllDirectly);
    return 0;
  }
  if (random.below(10000) < zone_.local_per_10000) {
    context.note(LbEvent::kZoneSampled);
    return 0;
  }
  context.note(LbEvent::kZoneCross);
  if (zone_.residual.back() == 0) {  // rounding left nothing
    context.note(LbEvent::kZoneNoCapacityLeft);
    return random.below(zone_.residual.size());
  }
  uint64_t point = random.below(zone_.residual.back());
  return std::upper_bound(zone_.residual.begin(), zone_.residual.end(), point) - zone_.residual.begin();
}

}  // namespace proa::upstream
