#include "mesh/translate/translations.h"

#include <optional>
#include <utility>

#include "mesh/model/world.h"
#include "mesh/translate/translate.h"

namespace proa::mesh {

namespace {

/// Takes the old resources where the new ones are no different; whether all are.
bool share_with(const ResourceSet& before, ResourceSet& now) {
  bool same = before.types.size() == now.types.size();
  for (auto& [type, named] : now.types) {
    const auto old = before.types.find(type);
    if (old == before.types.end()) {
      same = false;
      continue;
    }
    same = same && old->second.size() == named.size();
    for (auto& [name, resource] : named) {
      const auto known = old->second.find(name);
      if (known != old->second.end() && known->second->hash == resource->hash &&
          known->second->origin == resource->origin) {
        resource = known->second;
      } else {
        same = false;
      }
    }
  }
  return same;
}

}  // namespace

void Translations::set(std::shared_ptr<const World> world) {
  world_ = std::move(world);
  std::erase_if(entries_, [](const auto& each) { return each.second.set.expired(); });
}

std::shared_ptr<const ResourceSet> Translations::of(const Node& node) {
  if (!world_) return nullptr;
  auto parsed = proxy_node(*node.message);
  if (!parsed) return nullptr;
  Entry& entry = entries_[node.id];
  std::shared_ptr<const ResourceSet> before = entry.set.lock();
  const bool same_node = before && entry.node == *parsed;
  if (same_node && entry.world == world_) return before;
  std::optional<Earlier> earlier;
  if (same_node) earlier.emplace(*entry.world, *before);
  auto now = std::make_shared<ResourceSet>(translate(*world_, *parsed, earlier ? &*earlier : nullptr));
  entry.node = std::move(*parsed);
  entry.world = world_;
  if (before && share_with(*before, *now)) return before;
  entry.set = now;
  return now;
}

}  // namespace proa::mesh
