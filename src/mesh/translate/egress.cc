#include "mesh/translate/egress.h"

#include <algorithm>

#include "mesh/translate/imports.h"

namespace proa::mesh {

namespace {

using istio::networking::v1alpha3::CaptureMode;
using istio::networking::v1alpha3::IstioEgressListener;

/// What one listener imports of all that the proxy sees. A service that only a route refers to has no listener.
Scope narrowed(const World& world, const ProxyNode& node, const Scope& scope, const IstioEgressListener& listener) {
  const Imports imports(listener, node.ns);
  Scope out{.sidecar = scope.sidecar};
  for (const auto& service : scope.services) {
    if (imports.has(service->ns, service->hostname)) out.services.push_back(service);
  }
  for (const auto& route : scope.routes) {
    bool imported = false;
    for (const std::string& text : route->spec.hosts()) {
      const std::string host = full_host_name(text, route->meta.ns, world.domain());
      if (!imports.has(route->meta.ns, host)) continue;
      imported = true;
      out.routes_by_host.try_emplace(host, route);
    }
    if (imported) out.routes.push_back(route);
  }
  return out;
}

}  // namespace

std::vector<std::string> addresses_of(const World& world, const Egress& egress, const Service& service) {
  if (!egress.bind.empty()) return {egress.bind};
  if (!service.addresses.empty()) return service.addresses;
  std::set<std::string> pods;
  if (service.headless) {
    for (const ServicePort& port : service.ports) {
      for (const auto& endpoint : world.services().endpoints(service, port)) pods.insert(endpoint.workload->address);
    }
  }
  if (pods.empty()) return {kAnywhere};
  return {pods.begin(), pods.end()};
}

std::vector<Egress> egress_of(const World& world, const ProxyNode& node, const Scope& scope) {
  std::vector<Egress> out;
  if (scope.sidecar == nullptr || scope.sidecar->spec.egress().empty()) {
    if (node.intercepts) out.push_back({.scope = scope});
    return out;
  }
  std::set<std::uint32_t> taken;
  for (const IstioEgressListener& listener : scope.sidecar->spec.egress()) {
    const bool all = listener.port().number() == 0;
    const bool redirected = node.intercepts && listener.capture_mode() != CaptureMode::NONE;
    if (all && (!redirected || !listener.bind().empty())) continue;
    Egress egress{.scope = narrowed(world, node, scope, listener), .bind = listener.bind()};
    egress.binds_port = !redirected;
    if (egress.binds_port && egress.bind.empty()) egress.bind = "127.0.0.1";
    if (!all) {
      const auto& port = listener.port();
      egress.port = {.name = port.name(), .number = port.number(), .protocol = protocol_named(port.protocol())};
      if (egress.port->protocol == Protocol::http_proxy) continue;
      taken.insert(port.number());
    }
    out.push_back(std::move(egress));
  }
  for (Egress& egress : out) {
    if (!egress.port) egress.taken = taken;
  }
  return out;
}

}  // namespace proa::mesh
