#include "mesh/model/world.h"

#include "mesh/model/mesh_defaults.h"

namespace proa::mesh {

namespace {

/// The changes of one table, by namespace, before they are applied at once.
template <class T>
struct Changed {
  std::map<std::string, typename Table<T>::Changes, std::less<>> in{};
};

template <class... T>
using AllChanged = std::tuple<Changed<T>...>;

template <class... T>
void note_removed(const ObjectKey& key, std::tuple<Changed<T>...>& changes) {
  const auto note = [&]<class One>(Changed<One>& changed) {
    if (One::kKind == key.kind) changed.in[key.ns].removed.push_back(key.name);
  };
  (note(std::get<Changed<T>>(changes)), ...);
}

template <class... T>
void apply(const std::tuple<Changed<T>...>& changes, std::tuple<Table<T>...>& tables) {
  const auto one = [&]<class One>(const Changed<One>& changed) {
    if (!changed.in.empty()) std::get<Table<One>>(tables).change(changed.in);
  };
  (one(std::get<Changed<T>>(changes)), ...);
}

}  // namespace

std::shared_ptr<const World> World::empty(std::string domain) {
  std::shared_ptr<World> world(new World());
  world->domain_ = std::move(domain);
  world->mesh_ = std::make_shared<const istio::mesh::v1alpha1::MeshConfig>(default_mesh_config());
  world->services_ = std::make_shared<const ServiceIndex>();
  world->routes_ = std::make_shared<const RouteIndex>();
  return world;
}

std::shared_ptr<const World> World::with(std::vector<AnyObject> put, const std::vector<ObjectKey>& removed) const {
  std::shared_ptr<World> next(new World(*this));
  ++next->version_;
  OfKinds<AllChanged> changes;
  for (const ObjectKey& key : removed) note_removed(key, changes);
  for (AnyObject& object : put) {
    std::visit(
        [&]<class T>(std::shared_ptr<const T>& pointer) {
          const std::string ns = pointer->meta.ns;
          std::get<Changed<T>>(changes).in[ns].put.push_back(std::move(pointer));
        },
        object);
  }
  mesh::apply(changes, next->tables_);
  next->index(*this);
  return next;
}

void World::index(const World& before) {
  if (!table<MeshConfig>().same(before.table<MeshConfig>())) {
    const MeshConfig* config = table<MeshConfig>().find({}, {});
    mesh_ = std::make_shared<const istio::mesh::v1alpha1::MeshConfig>(config == nullptr ? default_mesh_config()
                                                                                        : config->spec);
  }
  const auto service_tables = [](const World& world) {
    return ServiceTables{world.table<ServiceEntry>(), world.table<WorkloadEntry>(), world.table<K8sService>(),
                         world.table<K8sEndpointSlice>()};
  };
  const ServiceTables now = service_tables(*this);
  const ServiceTables old = service_tables(before);
  if (!now.entries.same(old.entries) || !now.workloads.same(old.workloads) || !now.services.same(old.services) ||
      !now.slices.same(old.slices)) {
    services_ = std::make_shared<const ServiceIndex>(*before.services_, old, now, domain_);
  }
  if (!table<VirtualService>().same(before.table<VirtualService>()) ||
      !table<DestinationRule>().same(before.table<DestinationRule>())) {
    routes_ = std::make_shared<const RouteIndex>(table<VirtualService>(), table<DestinationRule>(), domain_);
  }
}

std::size_t World::object_count() const {
  return std::apply([](const auto&... tables) { return (tables.size() + ...); }, tables_);
}

}  // namespace proa::mesh
