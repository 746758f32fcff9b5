// providers: the extension providers of the MeshConfig that Telemetry objects name, and where their services are.
#pragma once

#include <string>

#include "envoy/config/core/v3/grpc_service.pb.h"
#include "mesh/model/world.h"
#include "mesh/translate/telemetry.h"

namespace proa::mesh {

using Provider = istio::mesh::v1alpha1::MeshConfig::ExtensionProvider;

/// Null: there is none of that name.
const Provider* provider_named(const World& world, const std::string& name);

struct Backend {
  std::string cluster, authority;
};

/// "otel.shop.svc.cluster.local", or with its namespace in front, "shop/otel...".
Backend backend_of(const std::string& service, std::uint32_t port);
void set_grpc(const Backend& backend, envoy::config::core::v3::GrpcService& out);

/// Whether an entry of a Telemetry for this mode is for traffic of this direction.
bool concerns(istio::telemetry::v1alpha1::WorkloadMode mode, Direction direction);

}  // namespace proa::mesh
