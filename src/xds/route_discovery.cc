#include "xds/route_discovery.h"

#include "xds/type_url.h"

namespace proa::xds {

config::RouteSource RouteDiscovery::routes(Source& source, const std::string& name, const SubscribeOptions& options) {
  const Key key(&source, name);
  Entry& entry = entries_[key];
  if (auto slot = entry.slot.lock()) return {std::move(slot), entry.arrival};
  source.subscribe(kRoutes, name, options);
  // Connections on any thread may be the last to let go of the slot.
  auto let_go = [this, key, alive = std::weak_ptr<int>(alive_), loop = &loop_](proxy::RouteSlot* slot) {
    delete slot;
    loop->post([this, key, alive] {
      if (!alive.expired()) this->let_go(key);
    });
  };
  std::shared_ptr<proxy::RouteSlot> slot(new proxy::RouteSlot(*route::RouteTable::make({})), let_go);
  entry = {.slot = slot, .arrival = std::make_shared<Awaited>()};
  if (auto held = source.held(kRoutes, name)) (void)fill(entry, held->body);  // it was accepted before
  return {std::move(slot), entry.arrival};
}

void RouteDiscovery::let_go(const Key& key) {
  auto found = entries_.find(key);
  if (found != entries_.end() && found->second.slot.expired()) entries_.erase(found);
  key.first->unsubscribe(kRoutes, key.second);
}

Status RouteDiscovery::fill(Entry& entry, const google::protobuf::Any& body) {
  auto table = compiler_.routes(body);
  if (!table) return std::unexpected(table.error());
  if (auto slot = entry.slot.lock()) slot->replace(std::move(*table));
  entry.arrival->arrive();
  return {};
}

std::vector<Rejection> RouteDiscovery::on_update(Source& source, const Update& update) {
  std::vector<Rejection> refused;
  for (const Resource& resource : update.resources) {
    auto found = entries_.find(Key(&source, resource.name));
    if (found == entries_.end() || (resource.unchanged && found->second.arrival->arrived())) continue;
    if (Status filled = fill(found->second, *resource.body); !filled) {
      refused.push_back({std::string(resource.name), filled.error().message});
    }
  }
  // What was removed stays in force until nothing names it: a route configuration lives with its listeners.
  return refused;
}

void RouteDiscovery::gave_up(Source& source, std::string_view name) {
  auto found = entries_.find(Key(&source, name));
  if (found != entries_.end() && !found->second.arrival->arrived()) found->second.arrival->arrive();
}

}  // namespace proa::xds
