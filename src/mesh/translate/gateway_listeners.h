// gateway_listeners: what a router listens on for the servers of its Gateways.
#pragma once

#include <vector>

#include "envoy/config/listener/v3/listener.pb.h"
#include "mesh/translate/scope.h"

namespace proa::mesh {

/// By port. None for a proxy that is no router. `scope` is of this world and node.
std::vector<envoy::config::listener::v3::Listener> gateway_listeners(const World& world, const ProxyNode& node,
                                                                     const Scope& scope);

}  // namespace proa::mesh
