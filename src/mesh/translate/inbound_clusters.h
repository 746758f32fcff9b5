// inbound_clusters: the workload itself, as its own proxy calls it.
#pragma once

#include <vector>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "mesh/translate/proxy_node.h"

namespace proa::mesh {

class World;

/// "inbound|PORT||" for each port that is served. InboundPassthroughCluster is not among them.
std::vector<envoy::config::cluster::v3::Cluster> inbound_clusters(const World& world, const ProxyNode& node);

}  // namespace proa::mesh
