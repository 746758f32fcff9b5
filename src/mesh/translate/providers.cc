#include "mesh/translate/providers.h"

#include "mesh/translate/names.h"

namespace proa::mesh {

const Provider* provider_named(const World& world, const std::string& name) {
  for (const auto& each : world.mesh().extension_providers()) {
    if (each.name() == name) return &each;
  }
  return nullptr;
}

Backend backend_of(const std::string& service, std::uint32_t port) {
  const std::size_t slash = service.find('/');
  const std::string host = slash == std::string::npos ? service : service.substr(slash + 1);
  return {outbound_cluster(port, "", host), host};
}

void set_grpc(const Backend& backend, envoy::config::core::v3::GrpcService& out) {
  out.mutable_envoy_grpc()->set_cluster_name(backend.cluster);
  out.mutable_envoy_grpc()->set_authority(backend.authority);
}

bool concerns(istio::telemetry::v1alpha1::WorkloadMode mode, Direction direction) {
  if (mode == istio::telemetry::v1alpha1::CLIENT_AND_SERVER) return true;
  return (mode == istio::telemetry::v1alpha1::SERVER) == (direction == Direction::inbound);
}

}  // namespace proa::mesh
