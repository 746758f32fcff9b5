// The resource types of Envoy's v3 discovery API, and what the protocol says of each.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace google::protobuf {
class Any;
}

namespace proa::xds {

inline constexpr std::string_view kCluster = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
inline constexpr std::string_view kEndpoints = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
inline constexpr std::string_view kListener = "type.googleapis.com/envoy.config.listener.v3.Listener";
inline constexpr std::string_view kRoutes = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
inline constexpr std::string_view kSecret = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
inline constexpr std::string_view kExtension = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
inline constexpr std::string_view kRuntime = "type.googleapis.com/envoy.service.runtime.v3.Runtime";
/// The envelope that carries a version and a time to live (envoy.service.discovery.v3.Resource).
inline constexpr std::string_view kEnvelope = "type.googleapis.com/envoy.service.discovery.v3.Resource";

/// The name that means "all of this type".
inline constexpr std::string_view kWildcard = "*";

/// Clusters and listeners: each state-of-the-world response has all of them, so what it lacks is deleted. Of the
/// other types a response may have any part.
inline constexpr bool full_state(std::string_view type_url) { return type_url == kCluster || type_url == kListener; }

/// The name of a resource: the string in field 1, which it is in every type above. Reads the outermost message only,
/// to its end, so that bytes that are no message are found; of its fields the reader of the resource judges.
Result<std::string> resource_name(const google::protobuf::Any& resource);

}  // namespace proa::xds
