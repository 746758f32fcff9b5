// tcp_chains: how connections to a service go on as bytes: the filter chains of its VirtualService's tls and tcp
// routes, or one of its own.
#pragma once

#include <string>
#include <vector>

#include "envoy/config/listener/v3/listener_components.pb.h"
#include "mesh/translate/connection_manager.h"
#include "mesh/translate/http_routes.h"

namespace proa::mesh {

using FilterChain = envoy::config::listener::v3::FilterChain;

/// What chains are made for. The references must outlive the call.
struct ChainsFor {
  const RoutesFor& routes;
  const Reporting& reporting;
  const Service& service;
  const ServicePort& port;
};

/// `ranges`: the addresses of the service where its listener takes others as well. A TLS port whose listener is not at
/// an address of the service's own is told by its server name.
std::vector<FilterChain> tcp_chains(const ChainsFor& what, const std::vector<std::string>& ranges, bool own_address);

/// A chain that passes everything on to one cluster, without a match.
FilterChain passthrough_chain(const std::string& cluster, const Reporting& reporting, bool logged = true);

}  // namespace proa::mesh
