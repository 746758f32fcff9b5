// upstream_hop: how a proxy speaks to the host that it has chosen.
#pragma once

#include "mesh/explain/journey.h"
#include "mesh/push/resource.h"

namespace proa::mesh {

/// By the transport socket of the cluster in `set` that `host` was found to have.
Hop hop_to(const ResourceSet& set, const proxy::Explanation& way, const proxy::ExplainedHost& host);

}  // namespace proa::mesh
