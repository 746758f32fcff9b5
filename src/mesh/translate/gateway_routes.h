// gateway_routes: where a router sends requests: the HTTP routes of the VirtualServices that are bound to its Gateways.
#pragma once

#include <vector>

#include "envoy/config/route/v3/route.pb.h"
#include "mesh/translate/scope.h"

namespace proa::mesh {

/// "http.8080" for all HTTP servers of a port, "https.443.NAME.GATEWAY.NAMESPACE" for each one that ends TLS; by name.
/// None for a proxy that is no router. `scope` is of this world and node.
std::vector<envoy::config::route::v3::RouteConfiguration> gateway_routes(const World& world, const ProxyNode& node,
                                                                         const Scope& scope);

}  // namespace proa::mesh
