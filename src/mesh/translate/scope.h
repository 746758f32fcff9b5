// Scope: what of a World one proxy sees: its Sidecar's egress hosts, what others export to its namespace, and whatever
// routes that it imports refer to.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mesh/model/world.h"
#include "mesh/translate/proxy_node.h"

namespace proa::mesh {

struct Scope {
  std::shared_ptr<const Sidecar> sidecar{};  ///< null: everything is imported
  /// By host name, one for each: of several the proxy's own namespace, then a Kubernetes Service, then the oldest.
  std::vector<std::shared_ptr<const Service>> services{};
  /// Those for sidecars: of the Gateway API, then in Istio's order, with their delegates; empty for a router.
  std::vector<std::shared_ptr<const VirtualService>> routes{};
  /// The oldest of `routes` for each host or wildcard, by its full name.
  std::map<std::string, std::shared_ptr<const VirtualService>, std::less<>> routes_by_host{};

  /// Null: it is not seen.
  const Service* service(std::string_view hostname) const;
  /// The routes for a service: of its own name, else of the most specific wildcard; null: none.
  const VirtualService* route_for(std::string_view hostname) const;
};

Scope scope_of(const World& world, const ProxyNode& node);

/// The DestinationRule that applies to a service for this proxy, with those of the same host merged into it; null
/// without one.
std::shared_ptr<const DestinationRule> rule_for(const World& world, const ProxyNode& node, const Service& service);

}  // namespace proa::mesh
