// inbound_ports: the ports at which a workload is served: those of the services that it is an endpoint of, or those that
// its Sidecar lists.
#pragma once

#include <string>
#include <vector>

#include "mesh/translate/scope.h"

namespace proa::mesh {

struct InboundPort {
  std::uint32_t port = 0;          ///< at which the workload listens
  std::uint32_t service_port = 0;  ///< what clients call it
  Protocol protocol = Protocol::automatic;
  std::string name{};  ///< for people: the host name of the service, or "sidecar.namespace"
  std::string bind{};  ///< an IP address
  bool binds = false;  ///< a listener of its own, not a part of virtualInbound
  /// Those it is a port of, oldest first, with their port.
  std::vector<std::pair<std::shared_ptr<const Service>, const ServicePort*>> services{};
  std::shared_ptr<const Sidecar> sidecar{};                                    ///< that lists it; null: a service's
  const istio::networking::v1alpha3::IstioIngressListener* ingress = nullptr;  ///< of `sidecar`
};

/// By port. Of several services at one port the oldest says the protocol.
std::vector<InboundPort> inbound_ports(const World& world, const ProxyNode& node);

/// "0.0.0.0", or "::" for a proxy that has only IPv6.
std::string wildcard_address(const ProxyNode& node);

}  // namespace proa::mesh
