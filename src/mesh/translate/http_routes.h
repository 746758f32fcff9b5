// http_routes: the HTTP routes of a VirtualService, and of a service without one, as Envoy's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "envoy/config/route/v3/route_components.pb.h"
#include "mesh/translate/scope.h"

namespace proa::mesh {

/// What routes are made for. The references must outlive the call.
struct RoutesFor {
  const World& world;
  const ProxyNode& node;
  const Scope& scope;
  std::uint32_t port = 0;             ///< of the listener, or of the service that it stands for
  std::string_view gateway = "mesh";  ///< or "namespace/name" of the Gateway
  bool tls = false;                   ///< the listener ends TLS
};

/// In their order; conditions on port, gateways and source that do not hold here are left out with their routes. Nothing
/// is behind a route that takes everything.
std::vector<envoy::config::route::v3::Route> http_routes(const RoutesFor& what, const VirtualService& from);

/// All requests to that port of the service.
envoy::config::route::v3::Route default_route(const RoutesFor& what, const Service& service, const ServicePort& port);

/// Whether the object was made of a route of the Gateway API: its prefixes are of whole segments, and a backend that is
/// not there answers 500.
bool of_gateway_api(const VirtualService& from);
/// The annotation that says so: "gateway".
inline constexpr std::string_view kRouteSemantics = "internal.istio.io/route-semantics";

/// "/apis/networking.istio.io/v1/namespaces/shop/virtual-service/reviews" in the metadata that Istio's tools read.
envoy::config::core::v3::Metadata config_metadata(const VirtualService& from);

/// The cluster of a destination. `ns`: of the object that names it. A destination without port means the listener's; at
/// a gateway that of a service that has only one.
template <class Destination>
std::string destination_cluster(const RoutesFor& what, const Destination& destination, const std::string& ns);

}  // namespace proa::mesh
