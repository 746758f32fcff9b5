#include "mesh/push/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "envoy/config/core/v3/base.pb.h"
#include "mesh/push/assignment_name.h"
#include "net/tls/san.h"

namespace proa::mesh {

Session::Session(std::string type_url, const SessionOptions& options)
    : type_url_(std::move(type_url)), options_(options) {}

Result<Session::Entry*> Session::entry_of(const std::string& asked, bool& first) {
  first = false;
  if (!type_url_.empty() && !asked.empty() && asked != type_url_) {
    return fail(fmt::format("this stream is for {}, not for {}", type_url_, asked));
  }
  const std::string& type_url = asked.empty() ? type_url_ : asked;
  if (type_url.empty()) return fail("a request without type_url on an aggregated stream");
  ++counts_.requests;
  for (const auto& entry : entries_) {
    if (entry->type_url == type_url) return entry.get();
  }
  if (entries_.size() >= kMaxTypes) return fail(fmt::format("more than {} types on one stream", kMaxTypes));
  first = true;
  auto entry = std::make_unique<Entry>();
  entry->type_url = type_url;
  entry->rank = push_rank(type_url);
  auto at = std::ranges::upper_bound(entries_, entry->rank, {}, [](const auto& e) { return e->rank; });
  return entries_.insert(at, std::move(entry))->get();
}

Status Session::check_names() const {
  size_t names = 0;
  for (const auto& entry : entries_) names += entry->subscription.names().size() + entry->subscription.held().size();
  if (names > 2 * kMaxNames) return fail(fmt::format("more than {} names on one stream", kMaxNames));
  return {};
}

void Session::take_node(const envoy::config::core::v3::Node& message, bool given) {
  if (node_ || !given) return;
  auto node = std::make_shared<Node>();
  node->id = message.id();
  node->cluster = message.cluster();
  node->message = std::make_shared<const envoy::config::core::v3::Node>(message);
  node_ = std::move(node);
}

void Session::set_identity(std::string spiffe_id) {
  auto node = std::make_shared<Node>(*node_);
  node->identity = std::move(spiffe_id);
  node_ = std::move(node);
}

void Session::note_answer(Entry& entry, const std::string& nonce, bool refused, const std::string& reason,
                          WallTime wall) {
  std::string why = refused && reason.empty() ? "refused without a reason" : reason;
  if (!refused) why.clear();
  if (!entry.subscription.answered(nonce, why, wall)) return;
  ++(refused ? counts_.refused : counts_.accepted);
  if (refused) {
    using net::tls::printable;  // a proxy may say anything
    log::get("push").warn("{} refuses {}: {}", printable(node_->id), printable(entry.type_url), printable(why));
  }
}

std::string Session::next_nonce() { return fmt::format("{:x}", ++nonces_); }

std::string Session::version_of(const Subscription& subscription) const {
  std::uint64_t hash = 0xcbf29ce484222325;
  auto mix = [&](std::uint64_t value) { hash = (hash ^ value) * 0x9e3779b97f4a7c15 + (hash >> 29); };
  for (const auto& [name, held] : subscription.held()) {
    mix(std::hash<std::string_view>()(name));
    mix(held.hash.value_or(0));
  }
  return version_text(hash);
}

void Session::update(std::shared_ptr<const ResourceSet> resources) {
  if (resources == resources_) return;
  resources_ = std::move(resources);
  for (const auto& entry : entries_) entry->subscription.dirty = true;
}

const ResourceSet::Named& Session::all_of(const std::string& type_url) const {
  static const ResourceSet::Named nothing;
  auto found = resources_->types.find(type_url);
  return found == resources_->types.end() ? nothing : found->second;
}

// Listeners and routes are as the newest state wants them, and the proxy has said so.
bool Session::users_settled() const {
  return std::ranges::none_of(entries_, [](const auto& entry) {
    const bool user = entry->rank == PushRank::kListeners || entry->rank == PushRank::kRoutes;
    return user && (entry->subscription.dirty || entry->subscription.waits());
  });
}

std::optional<std::string> Session::next_response(MonoTime now, WallTime wall) {
  if (!resources_) return std::nullopt;
  for (const auto& entry : entries_) entry->subscription.lose_patience(now - options_.patience);
  bool again = true;
  while (std::exchange(again, false)) {
    bool settled = users_settled();
    bool order_waits = false;  // a type has something to say that it may not say yet
    bool not_warm = false;     // clusters or endpoints are under way: routes to them would find nothing
    bool held_back = false;
    for (const auto& entry : entries_) {
      Subscription& subscription = entry->subscription;
      const bool used = entry->rank == PushRank::kClusters || entry->rank == PushRank::kEndpoints;
      const bool user = entry->rank == PushRank::kListeners || entry->rank == PushRank::kRoutes;
      not_warm |= used && subscription.waits();
      if (!subscription.dirty) continue;
      const ResourceSet::Named& all = all_of(entry->type_url);
      const Due due = subscription.due(all, !used || settled);
      held_back |= due.removals_held_back;
      if (due.nothing()) {
        subscription.dirty = due.removals_held_back;
        continue;
      }
      if (subscription.waits()) {
        order_waits = true;
        continue;
      }
      if ((order_waits || (user && not_warm)) && !subscription.asks()) continue;
      std::vector<std::string> changed;
      if (entry->rank == PushRank::kClusters) {
        for (const auto& resource : due.resources) {
          if (subscription.held().contains(resource->name)) changed.push_back(resource->name);
        }
      }
      subscription.dirty = due.removals_held_back;
      std::optional<std::string> response = respond(*entry, all, due, now, wall);
      if (!response) continue;
      if (!changed.empty()) after_clusters(due, changed);
      ++counts_.responses;
      counts_.bytes += response->size();
      return response;
    }
    again = held_back && !settled && users_settled();
  }
  return std::nullopt;
}

// A changed cluster is a new one to Envoy: it waits for its endpoints, even if it had them before.
void Session::after_clusters(const Due& due, const std::vector<std::string>& changed) {
  auto endpoints = std::ranges::find(entries_, PushRank::kEndpoints, [](const auto& entry) { return entry->rank; });
  if (endpoints == entries_.end()) return;
  for (const auto& resource : due.resources) {
    if (std::ranges::find(changed, resource->name) == changed.end()) continue;
    if (const std::string name = assignment_name(*resource); !name.empty()) (*endpoints)->subscription.repeat(name);
  }
}

MonoTime Session::next_deadline() const {
  MonoTime next = MonoTime::max();
  for (const auto& entry : entries_) {
    const Subscription& subscription = entry->subscription;
    if (subscription.waits()) next = std::min(next, subscription.waits_since() + options_.patience);
  }
  return next;
}

bool Session::settled() const {
  return std::ranges::none_of(
      entries_, [](const auto& entry) { return entry->subscription.dirty || entry->subscription.unanswered(); });
}

void Session::for_each_type(
    const std::function<void(std::string_view type_url, const Subscription& subscription)>& visit) const {
  for (const auto& entry : entries_) visit(entry->type_url, entry->subscription);
}

}  // namespace proa::mesh
