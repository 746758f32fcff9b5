// inbound: what a sidecar listens to for its workload: virtualInbound, to which connections are redirected, and the
// listeners that a Sidecar binds.
#pragma once

#include <vector>

#include "envoy/config/listener/v3/listener.pb.h"
#include "mesh/translate/proxy_node.h"

namespace proa::mesh {

class World;

/// virtualInbound first, unless the proxy intercepts nothing.
std::vector<envoy::config::listener::v3::Listener> inbound_listeners(const World& world, const ProxyNode& node);

}  // namespace proa::mesh
