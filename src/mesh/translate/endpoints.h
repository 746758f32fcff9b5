// endpoints: who serves a cluster, as an assignment of EDS.
#pragma once

#include <string>

#include "mesh/translate/scope.h"

namespace envoy::config::endpoint::v3 {
class ClusterLoadAssignment;
}

namespace proa::mesh {

/// What an assignment is made for. The references must outlive the call.
struct AssignmentFor {
  const World& world;
  const ProxyNode& node;
  const Service& service;
  const ServicePort& port;
  const DestinationRule* rule = nullptr;
  const istio::networking::v1alpha3::Subset* subset = nullptr;  ///< of `rule`; null: all endpoints
};

/// Endpoints by locality, in the order of their names; nearer localities have the higher priorities where the rule's
/// outlier detection lets traffic fail over. `cluster` is its name.
envoy::config::endpoint::v3::ClusterLoadAssignment assignment(const AssignmentFor& what, const std::string& cluster);

/// The policy of a destination: each part from the subset, else from the port, else from the rule as a whole.
const istio::networking::v1alpha3::TrafficPolicy* policy_of(const AssignmentFor& what,
                                                            istio::networking::v1alpha3::TrafficPolicy& scratch);

}  // namespace proa::mesh
