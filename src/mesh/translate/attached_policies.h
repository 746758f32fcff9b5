// attached_policies: the policies of a proxy: those that select its labels, and those attached to the Gateway of the
// Gateway API that it runs.
#pragma once

#include <memory>
#include <vector>

#include "mesh/model/select.h"
#include "mesh/translate/proxy_node.h"

namespace proa::mesh {

/// Of the root namespace first, then of the proxy's own, each oldest first. `T` is AuthorizationPolicy or
/// RequestAuthentication.
template <class T>
std::vector<std::shared_ptr<const T>> attached_policies(const World& world, const ProxyNode& node) {
  std::vector<std::shared_ptr<const T>> out = policies_for<T>(world, node.ns, node.labels);
  const auto gateway = node.labels.find("gateway.networking.k8s.io/gateway-name");
  if (gateway == node.labels.end()) return out;
  const auto is_for = [&](const auto& target, std::string_view ns) {
    if (target.group() != "gateway.networking.k8s.io") return false;
    if (target.kind() == "Gateway") return target.name() == gateway->second && ns == node.ns;
    if (target.kind() != "GatewayClass" || ns != world.root_namespace()) return false;
    const ApiGateway* own = world.table<ApiGateway>().find(node.ns, gateway->second);
    return own != nullptr && own->spec.class_name == target.name();
  };
  for (const std::string_view ns : {std::string_view(world.root_namespace()), std::string_view(node.ns)}) {
    for (const auto& policy : world.table<T>().in(ns)) {
      bool attached = false;
      for (const auto& target : policy->spec.targetrefs()) attached = attached || is_for(target, ns);
      if (policy->spec.has_targetref()) attached = attached || is_for(policy->spec.targetref(), ns);
      if (attached) out.push_back(policy);
    }
    if (node.ns == world.root_namespace()) break;
  }
  return out;
}

}  // namespace proa::mesh
