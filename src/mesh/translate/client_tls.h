// client_tls: how a cluster secures its connections: Istio's mTLS where the workload has a proxy, or what the rule says.
#pragma once

#include <string>

#include "mesh/translate/endpoints.h"

namespace envoy::config::cluster::v3 {
class Cluster;
}

namespace proa::mesh {

struct ClientTls {
  bool own = false;       ///< SIMPLE or MUTUAL: ordinary TLS, whose ALPN is the application's
  bool auto_sni = false;  ///< the server name is the request's host
  bool auto_san = false;  ///< and so is the name in the certificate
};

/// Sets transport sockets of `out`. Names of secrets are those of Istio's agents: default, ROOTCA, file-cert:CERT~KEY.
ClientTls client_tls(const AssignmentFor& what, const istio::networking::v1alpha3::TrafficPolicy& policy,
                     const std::string& subset, envoy::config::cluster::v3::Cluster& out);

}  // namespace proa::mesh
