// translate: a World as one proxy sees it, as Envoy's resources. A function of the two and of nothing else.
#pragma once

#include "mesh/push/resource.h"
#include "mesh/translate/proxy_node.h"

namespace proa::mesh {

class World;

/// Clusters, endpoints, listeners and routes, by type and name, each with the object that it was made from where that is
/// a single one. Equal worlds give equal bytes.
ResourceSet translate(const World& world, const ProxyNode& node);

}  // namespace proa::mesh
