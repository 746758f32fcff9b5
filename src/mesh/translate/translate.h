// translate: a World as one proxy sees it, as Envoy's resources. A function of the two and of nothing else.
#pragma once

#include "mesh/push/resource.h"
#include "mesh/translate/proxy_node.h"

namespace proa::mesh {

class World;

/// What the same node got of an earlier World.
struct Earlier {
  const World& world;
  const ResourceSet& set;
};

/// Clusters, endpoints, listeners and routes, by type and name, each with the object that it was made from where that is
/// a single one. Equal worlds give equal bytes. What cannot differ from `earlier` is not made again: where only workloads
/// have come and gone, that is all but the clusters of services of their namespaces.
ResourceSet translate(const World& world, const ProxyNode& node, const Earlier* earlier = nullptr);

}  // namespace proa::mesh
