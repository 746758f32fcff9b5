// gateway_sni_clusters: where AUTO_PASSTHROUGH sends the mTLS of others that it does not end.
#pragma once

#include <optional>
#include <vector>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "mesh/translate/scope.h"

namespace proa::mesh {

struct SniCluster {
  envoy::config::cluster::v3::Cluster cluster{};  ///< "outbound_.80_.v1_.reviews.shop.svc.cluster.local"
  /// Of a cluster of type EDS: only those with a proxy, since what comes is Istio's mTLS.
  std::optional<envoy::config::endpoint::v3::ClusterLoadAssignment> endpoints{};
};

/// One for each port and subset that a chain of gateway_listeners() sends to; none without a server of AUTO_PASSTHROUGH.
std::vector<SniCluster> gateway_sni_clusters(const World& world, const ProxyNode& node, const Scope& scope);

}  // namespace proa::mesh
