// access_logs: which access logs a proxy keeps, by Telemetry objects, else by the MeshConfig.
#pragma once

#include <vector>

#include "mesh/model/world.h"
#include "mesh/translate/telemetry.h"

namespace proa::mesh {

/// `levels`: the Telemetries that apply, of the mesh, of the namespace, of the workload. In the order of the providers'
/// names.
AccessLogs access_logs(const World& world, const std::vector<const istio::telemetry::v1alpha1::Telemetry*>& levels,
                       Direction direction);

}  // namespace proa::mesh
