// gateway_api_rules: rules of HTTPRoutes and GRPCRoutes as routes of a VirtualService.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "mesh/model/world.h"

namespace proa::mesh {

/// One match of one rule. Sorting puts the one that wins first.
struct GatewayApiRule {
  /// Exact paths, then prefixes, then expressions; longer paths; with a method; more headers; more parameters; the
  /// older route; its name; its place in the route.
  std::tuple<int, int, int, int, int, std::int64_t, std::string, int> rank;
  istio::networking::v1alpha3::HTTPRoute route;
};

/// With `port` not 0 for requests to that port only.
void add_rules(const World& world, const HttpRoute& from, std::uint32_t port, std::vector<GatewayApiRule>& out);
void add_rules(const World& world, const GrpcRoute& from, std::uint32_t port, std::vector<GatewayApiRule>& out);

}  // namespace proa::mesh
