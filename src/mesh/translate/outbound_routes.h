// outbound_routes: the route configurations of a sidecar, as its listeners get them by RDS.
#pragma once

#include <string>

#include "envoy/config/route/v3/route.pb.h"
#include "mesh/translate/http_routes.h"

namespace proa::mesh {

/// "9080": a virtual host for each service of that port, with the routes of its VirtualService or a default one; on
/// port 80 one for each other host of a VirtualService as well; and what becomes of all else.
envoy::config::route::v3::RouteConfiguration outbound_routes(const RoutesFor& what);

/// "host:port": those of the one service that a listener of its own is for, whose protocol is told from its bytes.
envoy::config::route::v3::RouteConfiguration sniffed_routes(const RoutesFor& what, const Service& service);
std::string sniffed_route_name(const Service& service, std::uint32_t port);

}  // namespace proa::mesh
