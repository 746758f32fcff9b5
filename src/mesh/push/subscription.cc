#include "mesh/push/subscription.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace proa::mesh {

std::string version_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

std::optional<std::uint64_t> version_hash(std::string_view text) {
  std::uint64_t hash = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, hash, 16);
  if (text.size() != 16 || error != std::errc() || stop != end) return std::nullopt;
  return hash;
}

void Subscription::holds(const std::string& name, std::string_view version) {
  held_[name] = {version_hash(version), nullptr};
}

void Subscription::subscribe(const std::string& name) {
  dirty = true;
  names_.insert(name);
  asked_.insert(name);
}

void Subscription::resume(const std::string& name) {
  if (!held_.contains(name)) return subscribe(name);
  dirty = true;
  names_.insert(name);
}

void Subscription::repeat(const std::string& name) {
  if (!wants(name)) return;
  dirty = true;
  asked_.insert(name);
}

void Subscription::unsubscribe(const std::string& name) {
  dirty = true;
  names_.erase(name);
  if (wildcard_) {
    asked_.insert(name);  // the proxy has dropped it: it hears again that it has it, or that there is none
  } else {
    forget(name);
  }
}

void Subscription::subscribe_all(bool answer) {
  dirty = true;
  all_unanswered_ = all_unanswered_ || (answer && !wildcard_);
  wildcard_ = true;
}

void Subscription::unsubscribe_all() {
  if (!std::exchange(wildcard_, false)) return;
  all_unanswered_ = false;
  std::vector<std::string> gone;
  for (const auto& [name, held] : held_) {
    if (!names_.contains(name)) gone.push_back(name);
  }
  for (const std::string& name : gone) forget(name);
}

void Subscription::forget(std::string_view name) {
  auto erase = [&](auto& from) {
    if (auto found = from.find(name); found != from.end()) from.erase(found);
  };
  erase(held_);
  erase(asked_);
  erase(statuses_);
}

Due Subscription::due(const ResourceSet::Named& all, bool removals) const {
  Due due;
  auto look = [&](const std::string& name, const std::shared_ptr<const Resource>& resource) {
    auto held = held_.find(name);
    const bool news = held == held_.end() || held->second.hash != resource->hash;
    if (news || asked_.contains(name)) due.resources.push_back(resource);
  };
  if (wildcard_) {
    for (const auto& [name, resource] : all) look(name, resource);
  } else {
    for (const std::string& name : names_) {
      if (auto found = all.find(name); found != all.end()) look(name, found->second);
    }
  }
  for (const auto& [name, held] : held_) {
    if (all.contains(name) || asked_.contains(name)) continue;
    if (removals) {
      due.removed.push_back(name);
    } else {
      due.removals_held_back = true;
    }
  }
  for (const std::string& name : asked_) {
    if (!all.contains(name)) due.removed.push_back(name);
  }
  due.empty_answer = all_unanswered_;
  return due;
}

void Subscription::sent(const Due& due, std::string nonce, MonoTime now, WallTime wall) {
  InFlight response{nonce, now, {}};
  for (const auto& resource : due.resources) {
    held_[resource->name] = {resource->hash, resource};
    statuses_[resource->name] = {ResourceStatus::State::kSent, resource->hash, {}, wall};
    response.names.push_back(resource->name);
  }
  for (const std::string& name : due.removed) forget(name);
  asked_.clear();
  all_unanswered_ = false;
  in_flight_.push_back(std::move(response));
  last_nonce_ = std::move(nonce);
}

bool Subscription::answered(std::string_view nonce, std::string_view refusal, WallTime wall) {
  auto at = std::ranges::find(in_flight_, nonce, &InFlight::nonce);
  if (at == in_flight_.end()) return false;
  for (auto response = in_flight_.begin(); response <= at; ++response) {
    if (response == at && !refusal.empty()) {
      refuse(*response, refusal, wall);
      continue;
    }
    for (const std::string& name : response->names) {
      auto status = statuses_.find(name);
      if (status == statuses_.end() || status->second.state != ResourceStatus::State::kSent) continue;
      status->second.state = ResourceStatus::State::kAcked;
      status->second.since = wall;
    }
  }
  in_flight_.erase(in_flight_.begin(), at + 1);
  if (in_flight_.empty()) overdue_ = false;
  return true;
}

// A proxy names what it refuses and takes the rest of the response; where it names none, it may have taken nothing.
void Subscription::refuse(const InFlight& response, std::string_view refusal, WallTime wall) {
  auto named = [&](const std::string& name) { return refusal.find(name) != std::string_view::npos; };
  const bool names_some = std::ranges::any_of(response.names, named);
  for (const std::string& name : response.names) {
    auto status = statuses_.find(name);
    if (status == statuses_.end()) continue;
    const bool refused = !names_some || named(name);
    status->second.state = refused ? ResourceStatus::State::kNacked : ResourceStatus::State::kAcked;
    status->second.reason = refused ? std::string(refusal) : std::string();
    status->second.since = wall;
  }
}

void Subscription::lose_patience(MonoTime then) {
  if (!in_flight_.empty() && in_flight_.front().sent_at <= then) overdue_ = true;
}

}  // namespace proa::mesh
