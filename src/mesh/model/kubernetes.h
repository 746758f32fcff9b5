// Kubernetes' objects, as far as a mesh needs them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mesh/source/document.h"

namespace proa::mesh {

/// A port as Kubernetes refers to it: by number, or by its name in the pod.
struct PortRef {
  std::uint32_t number = 0;  ///< 0: by name, or not given
  std::string name{};
};

struct K8sServicePort {
  std::string name{};
  std::string protocol = "TCP";  ///< TCP, UDP or SCTP
  std::string app_protocol{};
  std::uint32_t port = 0;
  PortRef target{};  ///< neither number nor name: the same as `port`
};

/// core/v1 Service.
struct K8sServiceSpec {
  std::string type = "ClusterIP";
  std::vector<std::string> cluster_ips{};  ///< "None" alone: headless
  std::string external_name{};
  std::vector<std::string> external_ips{};
  std::vector<std::string> load_balancer_ips{};  ///< of its status
  Labels selector{};
  std::vector<K8sServicePort> ports{};
  bool publish_not_ready = false;
  bool local_only = false;  ///< internalTrafficPolicy: Local
  std::string traffic_distribution{};

  bool headless() const { return cluster_ips.size() == 1 && cluster_ips.front() == "None"; }
};

struct K8sEndpoint {
  std::vector<std::string> addresses{};
  bool ready = true;
  bool serving = true;
  bool terminating = false;
  std::string hostname{};
  std::string node_name{};
  std::string zone{};
  std::string pod{};  ///< name of its targetRef, if that is a Pod of the same namespace
};

struct K8sEndpointPort {
  std::string name{};
  std::string protocol = "TCP";
  std::string app_protocol{};
  std::uint32_t port = 0;
};

/// discovery/v1 EndpointSlice.
struct K8sEndpointSliceSpec {
  std::string service{};  ///< label kubernetes.io/service-name
  std::string address_type{};
  std::vector<K8sEndpoint> endpoints{};
  std::vector<K8sEndpointPort> ports{};
};

/// core/v1 Namespace: its labels, which Meta has.
struct K8sNamespaceSpec {};

/// core/v1 Secret. Its values are secret: never print one.
struct K8sSecretSpec {
  std::string type = "Opaque";
  std::map<std::string, std::string, std::less<>> data{};  ///< decoded; stringData over data
};

}  // namespace proa::mesh
