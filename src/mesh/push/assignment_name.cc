#include "mesh/push/assignment_name.h"

#include "envoy/config/cluster/v3/cluster.pb.h"

namespace proa::mesh {

std::string assignment_name(const Resource& resource) {
  envoy::config::cluster::v3::Cluster cluster;
  if (!cluster.ParseFromString(resource.body) || !cluster.has_eds_cluster_config()) return {};
  const std::string& name = cluster.eds_cluster_config().service_name();
  return name.empty() ? cluster.name() : name;
}

}  // namespace proa::mesh
