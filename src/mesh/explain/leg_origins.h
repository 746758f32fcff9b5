// leg_origins: which objects made what a proxy does with a request.
#pragma once

#include "mesh/explain/journey.h"
#include "mesh/push/resource.h"
#include "mesh/translate/proxy_node.h"

namespace proa::mesh {

/// Of the listener, the route, the cluster, its endpoints, and each policy that a verdict names. What no object of its own
/// has made is left out.
std::vector<std::pair<std::string, Origin>> leg_origins(const World& world, const ResourceSet& set,
                                                        const proxy::Explanation& way);

/// The PeerAuthentications that apply to the workload.
void add_peer_authentication(const World& world, const ProxyNode& node, Leg& to);

}  // namespace proa::mesh
