// outbound_policy: what becomes of traffic to what is not in the registry.
#pragma once

#include <string>

#include "mesh/translate/scope.h"

namespace proa::mesh {

/// The cluster it goes to: PassthroughCluster, the Sidecar's egress proxy, or BlackHoleCluster where it is not allowed.
std::string cluster_of_unknown(const World& world, const Scope& scope);

}  // namespace proa::mesh
