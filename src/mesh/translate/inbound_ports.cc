#include "mesh/translate/inbound_ports.h"

#include <algorithm>
#include <map>

#include "mesh/model/select.h"

namespace proa::mesh {

namespace {

using istio::networking::v1alpha3::CaptureMode;

bool is_ipv6(std::string_view address) { return address.find(':') != std::string_view::npos; }

bool is_of(const Workload& workload, const ProxyNode& node) {
  return std::ranges::find(node.addresses, workload.address) != node.addresses.end();
}

/// Those that may have the workload among their endpoints: what selects does so in its own namespace.
ServiceIndex::Services candidates(const World& world, const ProxyNode& node) {
  ServiceIndex::Services out;
  for (const auto& [ns, services] : world.services().by_namespace()) {
    for (const auto& service : *services) {
      const bool written =
          std::ranges::any_of(service->endpoints, [&](const auto& each) { return is_of(*each, node); });
      if (written || (ns == node.ns && service->endpoints.empty())) out.push_back(service);
    }
  }
  std::ranges::stable_sort(out, {}, [](const auto& service) { return service->created; });
  return out;
}

std::map<std::uint32_t, InboundPort> of_services(const World& world, const ProxyNode& node) {
  std::map<std::uint32_t, InboundPort> out;
  for (const auto& service : candidates(world, node)) {
    for (const ServicePort& port : service->ports) {
      if (port.protocol == Protocol::udp) continue;
      for (const ServiceEndpoint& endpoint : world.services().endpoints(*service, port)) {
        if (!is_of(*endpoint.workload, node)) continue;
        auto [found, added] = out.try_emplace(endpoint.port);
        InboundPort& to = found->second;
        if (added) {
          to.port = endpoint.port;
          to.service_port = port.number;
          to.protocol = port.protocol;
          to.name = service->hostname;
          to.bind = wildcard_address(node);
        }
        to.services.emplace_back(service, &port);
        break;
      }
    }
  }
  return out;
}

/// The workload's own address where others can reach it.
std::string own_address(const ProxyNode& node) {
  const auto reachable = [](const std::string& address) {
    return !address.starts_with("127.") && address != "::1" && !address.starts_with("169.254.") &&
           !address.starts_with("fe80:");
  };
  const auto found = std::ranges::find_if(node.addresses, reachable);
  return found == node.addresses.end() ? wildcard_address(node) : *found;
}

bool binds(CaptureMode mode, const ProxyNode& node) {
  return mode == CaptureMode::NONE || (mode == CaptureMode::DEFAULT && !node.intercepts);
}

}  // namespace

std::string wildcard_address(const ProxyNode& node) {
  return !node.addresses.empty() && std::ranges::all_of(node.addresses, is_ipv6) ? "::" : "0.0.0.0";
}

std::vector<InboundPort> inbound_ports(const World& world, const ProxyNode& node) {
  std::vector<InboundPort> out;
  auto served = of_services(world, node);
  const auto sidecar = sidecar_for(world, node.ns, node.labels);
  if (sidecar == nullptr || sidecar->spec.ingress().empty()) {
    // Without redirection nothing may take the workload's own ports.
    if (!node.intercepts) return out;
    for (auto& [number, port] : served) out.push_back(std::move(port));
    return out;
  }
  for (const auto& ingress : sidecar->spec.ingress()) {
    const std::uint32_t number = ingress.port().number();
    if (std::ranges::any_of(out, [&](const InboundPort& each) { return each.port == number; })) continue;
    InboundPort port;
    port.port = port.service_port = number;
    port.protocol = protocol_named(ingress.port().protocol());
    port.name = sidecar->meta.name + "." + sidecar->meta.ns;
    port.bind = ingress.bind().empty() ? own_address(node) : ingress.bind();
    port.binds = binds(ingress.capture_mode(), node);
    if (const auto found = served.find(number); found != served.end()) port.services = found->second.services;
    port.sidecar = sidecar;
    port.ingress = &ingress;
    out.push_back(std::move(port));
  }
  std::ranges::sort(out, {}, &InboundPort::port);
  return out;
}

}  // namespace proa::mesh
