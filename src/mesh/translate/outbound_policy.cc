#include "mesh/translate/outbound_policy.h"

#include "mesh/translate/names.h"

namespace proa::mesh {

std::string cluster_of_unknown(const World& world, const Scope& scope) {
  if (scope.sidecar != nullptr && scope.sidecar->spec.has_outbound_traffic_policy()) {
    const auto& policy = scope.sidecar->spec.outbound_traffic_policy();
    if (policy.mode() == istio::networking::v1alpha3::OutboundTrafficPolicy::REGISTRY_ONLY) {
      return std::string(kBlackHole);
    }
    if (!policy.has_egress_proxy()) return std::string(kPassthrough);
    const auto& proxy = policy.egress_proxy();
    return outbound_cluster(proxy.port().number(), proxy.subset(),
                            full_host_name(proxy.host(), scope.sidecar->meta.ns, world.domain()));
  }
  using Mesh = istio::mesh::v1alpha1::MeshConfig::OutboundTrafficPolicy;
  return std::string(world.mesh().outbound_traffic_policy().mode() == Mesh::REGISTRY_ONLY ? kBlackHole : kPassthrough);
}

}  // namespace proa::mesh
