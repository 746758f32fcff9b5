#include "upstream/lb/subset_balancer.h"

#include <algorithm>

#include "observe/metadata.h"

namespace proa::upstream {

/// Its members, and the balancer once it was used.
struct SubsetBalancer::Subset {
  std::vector<HostSet::Member> members;
  mutable std::once_flag built;
  mutable std::shared_ptr<const Balancer> balancer;
};

namespace {

const nlohmann::json* lb_metadata(const Host& host, const std::string& key) {
  if (!host.metadata()) return nullptr;
  auto space = host.metadata()->root.find("envoy.lb");
  if (space == host.metadata()->root.end() || !space->is_object()) return nullptr;
  auto at = space->find(key);
  return at == space->end() ? nullptr : &*at;
}

bool has_values(const Host& host, const SubsetValues& values) {
  return std::all_of(values.begin(), values.end(), [&](const auto& pair) {
    const nlohmann::json* found = lb_metadata(host, pair.first);
    return found && found->dump() == pair.second;
  });
}

bool same_keys(const std::vector<std::string>& keys, const SubsetValues& values) {
  return std::equal(keys.begin(), keys.end(), values.begin(), values.end(),
                    [](const std::string& key, const auto& pair) { return key == pair.first; });
}

SubsetValues only(const SubsetValues& values, const std::vector<std::string>& keys) {
  SubsetValues out;
  for (const auto& pair : values) {
    if (std::binary_search(keys.begin(), keys.end(), pair.first)) out.push_back(pair);
  }
  return out;
}

}  // namespace

SubsetCriteria::SubsetCriteria(SubsetValues values) : values_(std::move(values)) {
  std::sort(values_.begin(), values_.end());
  key_ = key_of(values_);
}

std::string SubsetCriteria::key_of(const SubsetValues& values) {
  std::string key;
  for (const auto& [name, value] : values) {
    key.append(name).push_back('\0');
    key.append(value).push_back('\0');
  }
  return key;
}

SubsetBalancer::SubsetBalancer(std::shared_ptr<const LbSpec> spec, std::shared_ptr<const HostSet> hosts,
                               LbInputs inputs)
    : spec_(std::move(spec)),
      hosts_(std::move(hosts)),
      inputs_(std::move(inputs)),
      all_(std::make_unique<Subset>()),
      default_(std::make_unique<Subset>()) {
  find_subsets();
}

SubsetBalancer::~SubsetBalancer() = default;

void SubsetBalancer::find_subsets() {
  const SubsetSpec& subset = *spec_->subset;
  for (const PriorityHosts& priority : hosts_->priorities()) {
    for (const HostRef& host : priority.hosts) {
      HostSet::Member member{host, 0};
      for (const LocalityGroup& group : priority.localities) {
        if (*group.locality != host->locality()) continue;
        if (subset.locality_weight_aware || !spec_->locality_weighted) member.locality_weight = group.weight;
      }
      all_->members.push_back(member);
      if (has_values(*host, subset.default_subset)) default_->members.push_back(member);
      for (const SubsetSelector& selector : subset.selectors) add_to_subsets(member, selector);
    }
  }
}

void SubsetBalancer::add_to_subsets(const HostSet::Member& member, const SubsetSelector& selector) {
  // The values of each key: one, or with list_as_any every element of a list.
  std::vector<SubsetValues> combinations(1);
  for (const std::string& key : selector.keys) {
    const nlohmann::json* found = lb_metadata(*member.host, key);
    if (!found) return;
    std::vector<std::string> values;
    if (spec_->subset->list_as_any && found->is_array()) {
      for (const auto& element : *found) values.push_back(element.dump());
    } else {
      values.push_back(found->dump());
    }
    std::vector<SubsetValues> longer;
    for (const SubsetValues& combination : combinations) {
      for (const std::string& value : values) {
        longer.push_back(combination);
        longer.back().emplace_back(key, value);
      }
    }
    combinations = std::move(longer);
  }
  for (const SubsetValues& values : combinations) {
    auto& subset = subsets_[SubsetCriteria::key_of(values)];
    if (!subset) subset = std::make_unique<Subset>();
    if (selector.single_host_per_subset && !subset->members.empty()) continue;
    auto same = [&](const HostSet::Member& other) { return other.host == member.host; };
    if (std::none_of(subset->members.begin(), subset->members.end(), same)) subset->members.push_back(member);
  }
}

const SubsetSelector* SubsetBalancer::selector_for(const SubsetValues& criteria) const {
  const SubsetSelector* best = nullptr;
  for (const SubsetSelector& selector : spec_->subset->selectors) {
    if (same_keys(selector.keys, criteria)) return &selector;
    if (!spec_->subset->allow_redundant_keys) continue;
    // Criteria with more keys than any selector: the selector that uses the most of them.
    bool contained = only(criteria, selector.keys).size() == selector.keys.size();
    if (contained && (!best || selector.keys.size() > best->keys.size())) best = &selector;
  }
  return best;
}

const SubsetBalancer::Subset* SubsetBalancer::find(const SubsetValues& values) const {
  auto at = subsets_.find(SubsetCriteria::key_of(values));
  return at == subsets_.end() ? nullptr : at->second.get();
}

Host* SubsetBalancer::choose_in(const Subset& subset, LbContext& context, Random& random) const {
  if (subset.members.empty()) return nullptr;
  std::call_once(subset.built, [&] {
    HostSet::Options options;
    options.overprovisioning_factor = hosts_->overprovisioning_factor();
    options.weighted_priority_health = hosts_->weighted_priority_health();
    auto members = subset.members;
    if (spec_->subset->scale_locality_weight) {
      // A locality of which half the hosts are in the subset gets half its weight.
      for (auto& member : members) {
        const PriorityHosts& priority = hosts_->priorities()[member.host->priority()];
        auto in_locality = [&](const Host& host) { return host.locality() == member.host->locality(); };
        auto total = std::count_if(priority.all.begin(), priority.all.end(), [&](Host* h) { return in_locality(*h); });
        auto here = std::count_if(subset.members.begin(), subset.members.end(), [&](const HostSet::Member& other) {
          return other.host->priority() == member.host->priority() && in_locality(*other.host);
        });
        uint64_t scaled = static_cast<uint64_t>(member.locality_weight) * static_cast<uint64_t>(here) /
                          static_cast<uint64_t>(std::max<int64_t>(total, 1));
        if (member.locality_weight) member.locality_weight = static_cast<uint32_t>(std::max<uint64_t>(scaled, 1));
      }
    }
    subset.balancer = make_plain_balancer(spec_, HostSet::build(members, options, hosts_->version()), inputs_);
  });
  return subset.balancer->choose(context, random);
}

Host* SubsetBalancer::choose(LbContext& context, Random& random) const {
  const SubsetSelector* selector = nullptr;
  if (context.subset && !context.subset->values().empty()) {
    const SubsetValues& values = context.subset->values();
    selector = selector_for(values);
    if (selector) {
      const Subset* subset;
      if (selector->keys.size() == values.size()) {
        auto at = subsets_.find(context.subset->key());
        subset = at == subsets_.end() ? nullptr : at->second.get();
      } else {
        subset = find(only(values, selector->keys));
      }
      Host* host = subset ? choose_in(*subset, context, random) : nullptr;
      if (host) {
        context.note(LbEvent::kSubsetSelected);
        return host;
      }
    }
  }
  SubsetFallback policy =
      selector && selector->fallback != SubsetFallback::kNotDefined ? selector->fallback : spec_->subset->fallback;
  Host* host = fall_back(policy, selector, context.subset, context, random);
  if (host || !spec_->subset->panic_mode_any) return host;
  host = choose_in(*all_, context, random);
  if (host) context.note(LbEvent::kSubsetFallbackPanic);
  return host;
}

Host* SubsetBalancer::fall_back(SubsetFallback policy, const SubsetSelector* selector, const SubsetCriteria* criteria,
                                LbContext& context, Random& random) const {
  Host* host = nullptr;
  switch (policy) {
    case SubsetFallback::kAnyEndpoint: host = choose_in(*all_, context, random); break;
    case SubsetFallback::kDefaultSubset: host = choose_in(*default_, context, random); break;
    case SubsetFallback::kKeysSubset: {
      if (!selector || !criteria) return nullptr;
      SubsetCriteria fewer(only(criteria->values(), selector->fallback_keys));
      const SubsetCriteria* before = std::exchange(context.subset, &fewer);
      host = choose(context, random);  // its keys are a proper part: this ends
      context.subset = before;
      return host;
    }
    case SubsetFallback::kNotDefined:
    case SubsetFallback::kNoFallback: return nullptr;
  }
  if (host) context.note(LbEvent::kSubsetFallback);
  return host;
}

}  // namespace proa::upstream
