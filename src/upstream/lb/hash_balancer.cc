#include "upstream/lb/hash_balancer.h"

#include <algorithm>

namespace proa::upstream {

namespace {

void add_normalised(const std::vector<Host*>& hosts, double share, std::vector<WeightedHost>& out) {
  uint64_t sum = 0;
  for (const Host* host : hosts) sum += host->weight();
  for (Host* host : hosts) out.push_back({host, host->weight() * share / static_cast<double>(sum)});
}

}  // namespace

HashBalancer::HashBalancer(std::shared_ptr<const LbSpec> spec, std::shared_ptr<const HostSet> hosts)
    : spec_(std::move(spec)), hosts_(std::move(hosts)), load_(*hosts_, spec_->panic_threshold) {
  for (uint32_t i = 0; i < hosts_->priorities().size(); ++i) {
    auto weighted = weigh(hosts_->priorities()[i], load_.panic(i));
    auto table = spec_->policy == LbPolicy::kMaglev ? make_maglev(*spec_, weighted) : make_ring(*spec_, weighted);
    if (spec_->hash_balance_factor > 0 && !weighted.empty()) {
      table = bound_load(std::move(table), std::move(weighted), spec_->hash_balance_factor);
    }
    tables_.push_back(std::move(table));
  }
}

std::vector<WeightedHost> HashBalancer::weigh(const PriorityHosts& hosts, bool panic) const {
  std::vector<WeightedHost> out;
  uint64_t sum = 0;
  if (spec_->locality_weighted) {
    for (const LocalityGroup& group : hosts.localities) sum += group.weight;
  }
  if (sum == 0) {
    add_normalised(panic ? hosts.all : hosts.healthy, 1.0, out);
    return out;
  }
  for (const LocalityGroup& group : hosts.localities) {
    double share = static_cast<double>(group.weight) / static_cast<double>(sum);
    if (group.weight) add_normalised(panic ? group.hosts : group.healthy, share, out);
  }
  return out;
}

Host* HashBalancer::choose(LbContext& context, Random& random) const {
  const uint64_t hash = context.hash ? *context.hash : random.next();
  const uint32_t priority = load_.choose(hash, context.tried_priorities).priority;
  if (load_.panic(priority)) context.note(LbEvent::kHealthyPanic);
  Host* host = nullptr;
  const uint32_t attempts = context.filter ? std::max(1U, context.filter_attempts) : 1;
  for (uint32_t i = 0; i < attempts; ++i) {
    host = tables_[priority]->choose(hash, i);
    if (!host || !context.filter || !context.filter->reject(*host)) break;
  }
  return host;
}

}  // namespace proa::upstream
