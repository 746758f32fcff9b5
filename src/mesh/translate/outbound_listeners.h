// outbound_listeners: what a sidecar listens on for the calls of its application: one listener for all that
// interception redirects (virtualOutbound), and behind it one for each port or address of a service.
#pragma once

#include <vector>

#include "envoy/config/listener/v3/listener.pb.h"
#include "mesh/translate/connection_manager.h"
#include "mesh/translate/http_routes.h"

namespace proa::mesh {

using Listener = envoy::config::listener::v3::Listener;

/// In the order of their names. `reporting` is of the direction outbound. None for a router; for a proxy that nothing is
/// redirected to those alone that its Sidecar gives a port.
std::vector<Listener> outbound_listeners(const World& world, const ProxyNode& node, const Scope& scope,
                                         const Reporting& reporting);

}  // namespace proa::mesh
