// egress: the listeners that a Sidecar asks for, each with what it imports; without any, one for every port.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mesh/translate/scope.h"

namespace proa::mesh {

struct Egress {
  Scope scope;                        ///< what it imports
  std::optional<ServicePort> port{};  ///< none: every port of its services
  std::set<std::uint32_t> taken{};    ///< without a port: those that others have
  std::string bind{};                 ///< an address; empty: where the services are
  bool binds_port = false;            ///< nothing is redirected to it: it listens itself

  /// Whether it is for this port.
  bool serves(std::uint32_t number) const { return port ? port->number == number : !taken.contains(number); }
};

inline constexpr const char* kAnywhere = "0.0.0.0";

/// Where connections to a service arrive, ranges among it. One without an address is known by its port alone
/// (kAnywhere); one that has a name for each of its pods, by the addresses of those.
std::vector<std::string> addresses_of(const World& world, const Egress& egress, const Service& service);

/// `scope` is the proxy's. Unix sockets and forward proxies (HTTP_PROXY) are left out.
std::vector<Egress> egress_of(const World& world, const ProxyNode& node, const Scope& scope);

}  // namespace proa::mesh
