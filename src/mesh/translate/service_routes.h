// service_routes: routes of the Gateway API that are attached to a service (GAMMA), as a VirtualService says the same:
// then all that makes Envoy's routes of VirtualServices makes them of these.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "mesh/model/world.h"

namespace proa::mesh {

/// For sidecars of namespace `ns`, one for each service that HTTPRoutes or GRPCRoutes name as a parent. Those of `ns`
/// itself come before those of the service's namespace; others' do not concern it. Their rules are in the order in which
/// the Gateway API lets one win over another, with one match each.
std::vector<std::shared_ptr<const VirtualService>> service_routes(const World& world, std::string_view ns);

}  // namespace proa::mesh
