// agent_secret: a secret that the workload's agent serves: "default", "ROOTCA", "file-cert:CERT~KEY", "file-root:FILE".
#pragma once

#include <string>

#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"

namespace proa::mesh {

/// By SDS of the cluster "sds-grpc". The workload's own are waited for (`wait`); without that, Envoy gives up on it after its
/// usual time.
void set_agent_secret(std::string name, bool wait, envoy::extensions::transport_sockets::tls::v3::SdsSecretConfig& out);

}  // namespace proa::mesh
