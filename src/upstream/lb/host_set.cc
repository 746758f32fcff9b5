#include "upstream/lb/host_set.h"

#include <algorithm>

namespace proa::upstream {

namespace {

bool is_excluded(const Host& host) { return host.has(HealthFlag::kExcluded) || host.has(HealthFlag::kPendingActive); }

LocalityGroup& group_of(PriorityHosts& priority, const Host& host, uint32_t weight) {
  for (LocalityGroup& group : priority.localities) {
    if (*group.locality == host.locality()) return group;
  }
  LocalityGroup& group = priority.localities.emplace_back();
  group.locality = host.shared_locality();
  group.weight = weight;
  return group;
}

void put_local_first(PriorityHosts& priority, const Locality* local) {
  if (!local || local->empty()) return;
  auto at = std::find_if(priority.localities.begin(), priority.localities.end(),
                         [&](const LocalityGroup& group) { return *group.locality == *local; });
  if (at == priority.localities.end()) return;
  std::rotate(priority.localities.begin(), at, at + 1);
  priority.first_is_local = true;
}

}  // namespace

std::shared_ptr<const HostSet> HostSet::build(const std::vector<Member>& members, const Options& options,
                                              uint64_t version) {
  auto set = std::make_shared<HostSet>();
  set->version_ = version;
  set->overprovisioning_factor_ = options.overprovisioning_factor;
  set->weighted_priority_health_ = options.weighted_priority_health;
  uint32_t levels = 1;
  for (const Member& member : members) levels = std::max(levels, member.host->priority() + 1);
  set->priorities_.resize(levels);
  for (const Member& member : members) {
    Host& host = *member.host;
    PriorityHosts& priority = set->priorities_[host.priority()];
    LocalityGroup& group = group_of(priority, host, member.locality_weight);
    priority.hosts.push_back(member.host);
    priority.all.push_back(&host);
    group.hosts.push_back(&host);
    switch (host.health()) {
      case Health::kHealthy:
        priority.healthy.push_back(&host);
        group.healthy.push_back(&host);
        break;
      case Health::kDegraded:
        priority.degraded.push_back(&host);
        group.degraded.push_back(&host);
        break;
      case Health::kUnhealthy: break;
    }
    if (is_excluded(host)) ++priority.excluded;
  }
  for (PriorityHosts& priority : set->priorities_) {
    set->size_ += priority.hosts.size();
    set->healthy_ += priority.healthy.size();
    set->degraded_ += priority.degraded.size();
    set->excluded_ += priority.excluded;
    put_local_first(priority, options.local);
    bool plain = priority.localities.size() == 1 && priority.localities[0].weight == 0;
    if (plain && !priority.first_is_local) {
      priority.localities.clear();
      priority.localities.shrink_to_fit();
    }
  }
  return set;
}

Host* HostSet::find(std::string_view address_text) const {
  std::call_once(indexed_, [this] {
    index_ = std::make_unique<Index>();
    for (const PriorityHosts& priority : priorities_) {
      for (Host* host : priority.all) index_->emplace(host->address_text(), host);
    }
  });
  auto at = index_->find(address_text);
  return at == index_->end() ? nullptr : at->second;
}

}  // namespace proa::upstream
