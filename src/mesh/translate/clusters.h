// clusters: a service as this proxy calls it: one cluster for each port, and one for each subset of it.
#pragma once

#include <optional>
#include <string>

#include "mesh/translate/endpoints.h"

namespace envoy::config::cluster::v3 {
class Cluster;
}

namespace proa::mesh {

/// The cluster of a port, or of a subset of it, named as Istio names it; nothing for what has no cluster of its own (an
/// alias, names that are resolved by request).
std::optional<envoy::config::cluster::v3::Cluster> outbound_cluster_of(const AssignmentFor& what);

/// Traffic to what is not in the registry: BlackHoleCluster and PassthroughCluster, and for what comes in
/// InboundPassthroughCluster.
envoy::config::cluster::v3::Cluster black_hole_cluster(const World& world);
envoy::config::cluster::v3::Cluster passthrough_cluster(const World& world);
envoy::config::cluster::v3::Cluster inbound_passthrough_cluster(const World& world);

}  // namespace proa::mesh
