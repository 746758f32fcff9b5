// declared_services: a ServiceEntry or a Kubernetes Service as the Services it declares, a WorkloadEntry or an
// EndpointSlice as Workloads.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "mesh/model/object.h"
#include "mesh/model/service.h"

namespace proa::mesh {

/// One for each host.
std::vector<std::shared_ptr<const Service>> declared_services(const ServiceEntry& entry);
/// One. `domain` is the cluster's, "cluster.local".
std::shared_ptr<const Service> declared_service(const K8sService& service, std::string_view domain);

std::shared_ptr<const Workload> declared_workload(const WorkloadEntry& entry);
/// One for each endpoint, ready or not, each with the slice's ports by name.
std::vector<std::shared_ptr<const Workload>> declared_workloads(const K8sEndpointSlice& slice);

}  // namespace proa::mesh
