#include "xds/holdings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "xds/subscription_stats.h"

namespace proa::xds {

namespace {

MonoTime expiry(const IncomingResource& resource, MonoTime now) {
  return resource.ttl ? now + *resource.ttl : kNoDeadline;
}

std::string joined(const std::vector<Rejection>& rejections) {
  std::string out;
  for (const Rejection& rejection : rejections) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", rejection.name, rejection.reason);
  }
  return out;
}

}  // namespace

struct Holdings::Plan {
  std::vector<const IncomingResource*> taken;  // beside `update`'s
  std::vector<Resource> resources;
  std::vector<std::string> removed, absent;
  std::vector<Rejection> faults;
  std::set<std::string_view> seen, twice;
  std::set<std::string, std::less<>> refused;  // by the observer
  bool only_heartbeats = true;
};

bool Holdings::want(std::string_view name, const SubscribeOptions& options, MonoTime now) {
  auto at = wanted_.find(name);
  const bool added = at == wanted_.end();
  if (added) {
    at = wanted_.try_emplace(std::string(name)).first;
    at->second.stats = options.stats;
    count_subscribed(options.stats.get());
  }
  ++at->second.users;
  if (holds(name) || (!added && name == kWildcard)) return added;
  auto [waiting, new_wait] = waiting_.try_emplace(std::string(name));
  if (options.initial_fetch_timeout.count() > 0) {
    waiting->second.for_ever = false;
    waiting->second.fetch = std::min(waiting->second.fetch, now + options.initial_fetch_timeout);
  }
  return new_wait;
}

bool Holdings::unwant(std::string_view name) {
  auto at = wanted_.find(name);
  if (at == wanted_.end() || --at->second.users > 0) return false;
  wanted_.erase(at);
  if (auto waiting = waiting_.find(name); waiting != waiting_.end()) waiting_.erase(waiting);
  unwanted_ = true;
  return true;
}

void Holdings::forget_unwanted() {
  if (!std::exchange(unwanted_, false) || wants(kWildcard)) return;
  std::erase_if(held_, [&](const auto& entry) { return !wants(entry.first); });
}

bool Holdings::lacks_any() const {
  return std::ranges::any_of(wanted_, [&](const auto& at) { return at.first != kWildcard && !holds(at.first); });
}

std::optional<Held> Holdings::held(std::string_view name) const {
  auto at = held_.find(name);
  if (at == held_.end()) return std::nullopt;
  return shown(at->second);
}

Held Holdings::shown(const Kept& kept) const {
  Held out{.version = kept.version, .body = {}, .lasting = kept.expires == kNoDeadline};
  out.body.set_type_url(type_url_);
  out.body.set_value(kept.body);
  return out;
}

void Holdings::for_each_held(const std::function<void(std::string_view name, const Held&)>& visit) const {
  for (const auto& [name, kept] : held_) visit(name, shown(kept));
}

void Holdings::asked(MonoTime now) {
  for (auto& [name, waiting] : waiting_) {
    if (waiting.absent == kNoDeadline && !waiting.for_ever && name != kWildcard) waiting.absent = now + kAbsentAfter;
  }
}

void Holdings::disconnected() {
  for (auto& [name, waiting] : waiting_) waiting.absent = kNoDeadline;
}

void Holdings::failed() {
  for (const auto& [name, wanted] : wanted_) count_failure(wanted.stats.get());
}

void Holdings::nothing_more() {
  std::vector<std::string> absent;
  for (const auto& [name, waiting] : waiting_) absent.push_back(name);
  for (const std::string& name : absent) {
    if (name != kWildcard) {
      tell_absent(name);
    } else if (waiting_.erase(name) > 0) {
      observer_.on_fetch_timeout(type_url_, name);
    }
  }
}

observe::StatGroup* Holdings::stats_of(std::string_view name) const {
  auto at = wanted_.find(name);
  return at == wanted_.end() ? nullptr : at->second.stats.get();
}

std::string Holdings::apply(const Incoming& incoming, MonoTime now, WallTime wall) {
  Plan plan;
  sort(incoming, plan, now);
  std::vector<Rejection> rejections;
  if (!plan.only_heartbeats && !wants_nothing()) {
    rejections = observer_.on_update({type_url_, incoming.version, plan.resources, plan.removed});
  }
  for (const Rejection& rejection : rejections) plan.refused.insert(rejection.name);
  rejections.insert(rejections.end(), plan.faults.begin(), plan.faults.end());
  keep(plan, now);
  stop_waiting(plan);
  if (!plan.only_heartbeats || !rejections.empty()) count(plan, rejections.empty(), incoming.version, wall);
  for (const std::string& name : plan.absent) tell_absent(name);
  return joined(rejections);
}

void Holdings::sort(const Incoming& incoming, Plan& plan, MonoTime now) {
  auto see = [&](std::string_view name) {
    if (!plan.seen.insert(name).second) plan.twice.insert(name);
  };
  for (const IncomingResource& resource : incoming.resources) see(resource.name);
  for (const std::string& name : incoming.removed) see(name);
  plan.faults = incoming.faults;
  for (std::string_view name : plan.twice) plan.faults.push_back({std::string(name), "is in the response twice"});

  plan.only_heartbeats = !incoming.resources.empty() && incoming.removed.empty() && incoming.faults.empty();
  for (const IncomingResource& resource : incoming.resources) {
    if (covers(resource.name) && !plan.twice.contains(resource.name)) sort_resource(resource, plan, now);
    plan.only_heartbeats = plan.only_heartbeats && !resource.body;
  }
  for (const std::string& name : incoming.removed) {
    if (plan.twice.contains(name)) continue;
    if (covers(name) && holds(name)) plan.removed.push_back(name);
    if (wants(name) && !holds(name)) plan.absent.push_back(name);
  }
  for (const std::string& name : incoming.errors) {
    plan.seen.insert(name);
    if (wants(name) && !holds(name)) plan.absent.push_back(name);
  }
  for (const Rejection& fault : plan.faults) plan.seen.insert(fault.name);
  // An answer that lacks a name which was asked for lately may have been written before the server knew of it: of
  // what is not held, time decides.
  if (!incoming.complete || incoming.nameless_fault || plan.only_heartbeats) return;
  for (const auto& [name, kept] : held_) {
    if (!plan.seen.contains(name) && covers(name)) plan.removed.push_back(name);
  }
}

void Holdings::sort_resource(const IncomingResource& resource, Plan& plan, MonoTime now) {
  auto known = held_.find(resource.name);
  if (!resource.body) {
    if (known == held_.end() || known->second.version != resource.version) {
      plan.faults.push_back({resource.name, "has no body, and is not held in this version"});
    } else {
      known->second.expires = expiry(resource, now);
      with_ttl_ = with_ttl_ || resource.ttl;
    }
    return;
  }
  const bool unchanged = known != held_.end() && known->second.body == resource.body->value();
  plan.taken.push_back(&resource);
  plan.resources.push_back({resource.name, resource.version, resource.body, unchanged});
}

void Holdings::keep(const Plan& plan, MonoTime now) {
  for (const IncomingResource* resource : plan.taken) {
    if (!covers(resource->name) || plan.refused.contains(resource->name)) continue;
    held_.insert_or_assign(resource->name, Kept{resource->version, resource->body->value(), expiry(*resource, now)});
    with_ttl_ = with_ttl_ || resource->ttl;
  }
  for (const std::string& name : plan.removed) held_.erase(name);
}

void Holdings::stop_waiting(const Plan& plan) {
  auto stop = [&](std::string_view name) {
    if (auto at = waiting_.find(name); at != waiting_.end()) waiting_.erase(at);
  };
  stop(kWildcard);
  for (const IncomingResource* resource : plan.taken) stop(resource->name);
  for (const Rejection& fault : plan.faults) stop(fault.name);
}

void Holdings::count(const Plan& plan, bool all_good, std::string_view version, WallTime wall) {
  auto count_one = [&](std::string_view name, bool good) {
    good ? count_success(stats_of(name), version, wall) : count_rejected(stats_of(name));
  };
  if (wants(kWildcard)) count_one(kWildcard, all_good);
  for (const IncomingResource* resource : plan.taken) count_one(resource->name, !plan.refused.contains(resource->name));
  for (const Rejection& fault : plan.faults) count_rejected(stats_of(fault.name));
}

void Holdings::tell_absent(std::string_view name) {
  if (!wants(name) || holds(name)) return;
  if (auto at = waiting_.find(name); at != waiting_.end()) waiting_.erase(at);
  observer_.on_absent(type_url_, name);
}

bool Holdings::take_saved(SavedResources& saved, MonoTime now, WallTime wall) {
  SavedResources taken;
  Incoming incoming;
  auto& all = *saved.mutable_resources();
  for (int i = all.size(); i-- > 0;) {
    if (!covers(all[i].name()) || holds(all[i].name())) continue;
    all.SwapElements(i, all.size() - 1);
    taken.mutable_resources()->AddAllocated(all.ReleaseLast());
  }
  for (const auto& resource : taken.resources()) {
    incoming.resources.push_back({resource.name(), resource.version(), &resource.resource(), std::nullopt});
  }
  if (incoming.resources.empty()) return false;
  if (std::string refused = apply(incoming, now, wall); !refused.empty()) {
    log::get("xds").warn("{}: of what was saved is refused: {}", type_url_, refused);
  }
  return true;
}

MonoTime Holdings::next_deadline() const {
  MonoTime first = kNoDeadline;
  for (const auto& [name, waiting] : waiting_) first = std::min({first, waiting.fetch, waiting.absent});
  if (!with_ttl_) return first;
  for (const auto& [name, kept] : held_) first = std::min(first, kept.expires);
  return first;
}

void Holdings::on_time(MonoTime now) {
  if (with_ttl_) drop_expired(now);
  std::vector<std::string> late, absent;
  for (auto& [name, waiting] : waiting_) {
    if (waiting.fetch <= now) late.push_back(name), waiting.fetch = kNoDeadline;
    if (waiting.absent <= now) absent.push_back(name);
  }
  for (const std::string& name : late) {
    if (!wants(name)) continue;
    count_fetch_timeout(stats_of(name));
    observer_.on_fetch_timeout(type_url_, name);
  }
  for (const std::string& name : absent) tell_absent(name);
}

void Holdings::drop_expired(MonoTime now) {
  std::vector<std::string> removed;
  with_ttl_ = false;
  for (auto at = held_.begin(); at != held_.end();) {
    with_ttl_ = with_ttl_ || at->second.expires != kNoDeadline;
    if (at->second.expires > now) {
      ++at;
      continue;
    }
    if (covers(at->first)) removed.push_back(at->first);
    at = held_.erase(at);
  }
  if (removed.empty()) return;
  expired_ = true;
  observer_.on_update({type_url_, {}, {}, removed});
}

}  // namespace proa::xds
