// The bootstrap of a sidecar: what a proxy (ours or Envoy) needs to find its control plane, its secrets and its agent.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mesh/ca/spiffe_id.h"
#include "net/address.h"

namespace proa::mesh {

/// What the proxy says of its workload, in the words of Istio's agents. Namespace and account are those that the
/// certificate proves: the control plane refuses others.
struct SidecarNode {
  bool gateway = false;  ///< "router": it has the listeners of Gateway objects that select it
  SpiffeId id{};
  std::string workload{};                ///< WORKLOAD_NAME
  std::string name{};                    ///< of this instance: unique in its namespace
  std::vector<std::string> addresses{};  ///< INSTANCE_IPS; not empty
  std::map<std::string, std::string> labels{};
  std::string cluster_id = "Kubernetes";
  std::string network{};
  std::string interception = "REDIRECT";  ///< or TPROXY, NONE
  std::string region{}, zone{}, subzone{};
  std::string dns_domain = "cluster.local";

  /// "sidecar~IP~NAME.NAMESPACE~NAMESPACE.svc.DOMAIN"
  std::string node_id() const;
};

struct SidecarBootstrap {
  SidecarNode node{};
  std::string control_host{};
  uint16_t control_port = 15012;
  std::string control_name{};  ///< a DNS name that the control plane's certificate must have
  std::string secret_socket{};
  net::Address admin{};
  net::Address metrics{};    ///< of the listener for scrapes of the proxy alone; none: no listener
  net::Address readiness{};  ///< of the listener for "/healthz/ready"; likewise
  net::Address agent{};      ///< where the agent answers "/healthz/ready"

  /// JSON of an envoy.config.bootstrap.v3.Bootstrap. It has no secret.
  std::string text() const;
};

}  // namespace proa::mesh
