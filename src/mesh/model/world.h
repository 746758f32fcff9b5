// World: everything that the control plane knows, at one moment. Immutable and versioned: what is translated for a
// proxy is a function of one World and the proxy's node. The next World shares all that has not changed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "mesh/model/object.h"
#include "mesh/model/route_index.h"
#include "mesh/model/service_index.h"
#include "mesh/model/table.h"

namespace proa::mesh {

/// Any thread, as it never changes.
class World {
 public:
  /// An empty one, version 0, with Istio's defaults for the mesh. `domain` is the cluster's DNS domain.
  static std::shared_ptr<const World> empty(std::string domain = "cluster.local");

  /// The next World. An object that is put replaces the one of its key.
  std::shared_ptr<const World> with(std::vector<AnyObject> put, const std::vector<ObjectKey>& removed = {}) const;

  std::uint64_t version() const { return version_; }
  const std::string& domain() const { return domain_; }

  /// With every default of Istio's filled in.
  const istio::mesh::v1alpha1::MeshConfig& mesh() const { return *mesh_; }
  const std::string& root_namespace() const { return mesh_->root_namespace(); }

  /// table<VirtualService>(): the objects as they were written.
  template <class T>
  const Table<T>& table() const {
    return std::get<Table<T>>(tables_);
  }
  std::size_t object_count() const;

  const ServiceIndex& services() const { return *services_; }
  const RouteIndex& routes() const { return *routes_; }

 private:
  template <class... T>
  using Tables = std::tuple<Table<T>...>;

  World() = default;
  void index(const World& before);

  std::uint64_t version_ = 0;
  std::string domain_;
  OfKinds<Tables> tables_;
  std::shared_ptr<const istio::mesh::v1alpha1::MeshConfig> mesh_;
  std::shared_ptr<const ServiceIndex> services_;
  std::shared_ptr<const RouteIndex> routes_;
};

}  // namespace proa::mesh
