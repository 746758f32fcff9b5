// server_tls: how listeners end TLS: with the workload's own certificate for the mesh, or as a server of a Gateway or a
// Sidecar says.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"
#include "istio/networking/v1alpha3/gateway.pb.h"
#include "mesh/model/world.h"

namespace proa::mesh {

/// Istio's mutual TLS: a client must prove an identity of the mesh's trust domain. `http`: what is in it are requests;
/// else it may be anything, which the names that both offer tell.
envoy::config::core::v3::TransportSocket mutual_tls_socket(const World& world, bool http);

/// Nothing for modes that pass TLS on. Certificates by credentialName come over the stream of the control
/// plane, as "kubernetes://NAME"; those in files from the agent, as "file-cert:CERT~KEY".
std::optional<envoy::config::core::v3::TransportSocket> server_tls_socket(
    const istio::networking::v1alpha3::ServerTLSSettings& tls, bool http);

}  // namespace proa::mesh
