// Which endpoints a cluster takes.
#pragma once

#include <string>

#include "mesh/push/resource.h"

namespace proa::mesh {

/// The name of the ClusterLoadAssignment that this cluster waits for; empty when it takes none by EDS.
std::string assignment_name(const Resource& cluster);

}  // namespace proa::mesh
