// The kinds of objects that Proa takes, by what people write: apiVersion and kind.
#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace proa::mesh {

enum class Kind : std::uint8_t {
  mesh_config,  // a file of its own, no apiVersion
  virtual_service,
  destination_rule,
  gateway,
  service_entry,
  workload_entry,
  workload_group,
  sidecar,
  proxy_config,
  envoy_filter,
  peer_authentication,
  request_authentication,
  authorization_policy,
  telemetry,
  k8s_service,
  k8s_endpoint_slice,
  k8s_namespace,
  k8s_secret,
  api_gateway_class,
  api_gateway,
  http_route,
  grpc_route,
  tls_route,
  tcp_route,
  reference_grant,
};

struct KindInfo {
  Kind kind;
  std::string_view name;      ///< "VirtualService"
  std::string_view group;     ///< "networking.istio.io"; empty for Kubernetes' core group
  std::string_view versions;  ///< "v1 v1beta1 v1alpha3", newest first
  bool namespaced = true;
};

const KindInfo& info(Kind kind);
/// All kinds, in the order of the enumeration.
std::span<const KindInfo> all_kinds();

/// Why an apiVersion and kind name nothing that Proa takes.
struct NoKind {
  std::string what;
  std::string fix;
  /// A kind of a foreign group (a Deployment beside its Service): no fault of the file, only not for Proa.
  bool foreign = false;
};
std::expected<Kind, NoKind> find_kind(std::string_view api_version, std::string_view kind);

/// Names one object of a mesh. `ns` is empty for kinds without a namespace.
struct ObjectKey {
  Kind kind = Kind::mesh_config;
  std::string ns{};
  std::string name{};

  auto operator<=>(const ObjectKey&) const = default;
};

/// "VirtualService shop/reviews", "Namespace shop", "Gateway.gateway.networking.k8s.io shop/edge".
std::string shown(const ObjectKey& key);

}  // namespace proa::mesh
