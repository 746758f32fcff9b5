// The resource types of Envoy's v3 discovery API, and how a server treats each.
#pragma once

#include <cstdint>
#include <string_view>

namespace proa::mesh {

inline constexpr std::string_view kClusterType = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
inline constexpr std::string_view kEndpointsType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
inline constexpr std::string_view kListenerType = "type.googleapis.com/envoy.config.listener.v3.Listener";
inline constexpr std::string_view kRoutesType = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
inline constexpr std::string_view kScopedRoutesType =
    "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration";
inline constexpr std::string_view kVirtualHostType = "type.googleapis.com/envoy.config.route.v3.VirtualHost";
inline constexpr std::string_view kSecretType = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
inline constexpr std::string_view kExtensionType = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
inline constexpr std::string_view kRuntimeType = "type.googleapis.com/envoy.service.runtime.v3.Runtime";

inline constexpr std::string_view kWildcard = "*";

/// The order of a push, so that nothing refers to what is not there yet: what a type refers to comes before it.
enum class PushRank : uint8_t { kClusters, kEndpoints, kListeners, kRoutes, kSecrets, kOthers };

inline constexpr PushRank push_rank(std::string_view type_url) {
  if (type_url == kClusterType) return PushRank::kClusters;
  if (type_url == kEndpointsType) return PushRank::kEndpoints;
  if (type_url == kListenerType) return PushRank::kListeners;
  if (type_url == kRoutesType || type_url == kScopedRoutesType || type_url == kVirtualHostType) {
    return PushRank::kRoutes;
  }
  return type_url == kSecretType ? PushRank::kSecrets : PushRank::kOthers;
}

/// A state-of-the-world response has all of them: what it lacks is deleted. Of other types it may have any part.
inline constexpr bool full_state(std::string_view type_url) {
  return type_url == kClusterType || type_url == kListenerType;
}

/// A first request without names asks for all. Types that others refer to by name are only had by name.
inline constexpr bool wildcard_by_default(std::string_view type_url) {
  return type_url != kEndpointsType && type_url != kRoutesType && type_url != kVirtualHostType &&
         type_url != kSecretType && type_url != kExtensionType && type_url != kRuntimeType;
}

}  // namespace proa::mesh
