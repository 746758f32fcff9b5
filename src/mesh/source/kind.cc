#include "mesh/source/kind.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "config/nearest_name.h"
#include "config/problems.h"

namespace proa::mesh {

namespace {

constexpr std::string_view kNetworking = "networking.istio.io";
constexpr std::string_view kSecurity = "security.istio.io";
constexpr std::string_view kGatewayApi = "gateway.networking.k8s.io";

constexpr std::array kKinds = {
    KindInfo{Kind::mesh_config, "MeshConfig", "", "", false},
    KindInfo{Kind::virtual_service, "VirtualService", kNetworking, "v1 v1beta1 v1alpha3"},
    KindInfo{Kind::destination_rule, "DestinationRule", kNetworking, "v1 v1beta1 v1alpha3"},
    KindInfo{Kind::gateway, "Gateway", kNetworking, "v1 v1beta1 v1alpha3"},
    KindInfo{Kind::service_entry, "ServiceEntry", kNetworking, "v1 v1beta1 v1alpha3"},
    KindInfo{Kind::workload_entry, "WorkloadEntry", kNetworking, "v1 v1beta1 v1alpha3"},
    KindInfo{Kind::workload_group, "WorkloadGroup", kNetworking, "v1 v1beta1 v1alpha3"},
    KindInfo{Kind::sidecar, "Sidecar", kNetworking, "v1 v1beta1 v1alpha3"},
    KindInfo{Kind::proxy_config, "ProxyConfig", kNetworking, "v1 v1beta1"},
    KindInfo{Kind::envoy_filter, "EnvoyFilter", kNetworking, "v1alpha3"},
    KindInfo{Kind::peer_authentication, "PeerAuthentication", kSecurity, "v1 v1beta1"},
    KindInfo{Kind::request_authentication, "RequestAuthentication", kSecurity, "v1 v1beta1"},
    KindInfo{Kind::authorization_policy, "AuthorizationPolicy", kSecurity, "v1 v1beta1"},
    KindInfo{Kind::telemetry, "Telemetry", "telemetry.istio.io", "v1 v1alpha1"},
    KindInfo{Kind::k8s_service, "Service", "", "v1"},
    KindInfo{Kind::k8s_endpoint_slice, "EndpointSlice", "discovery.k8s.io", "v1"},
    KindInfo{Kind::k8s_namespace, "Namespace", "", "v1", false},
    KindInfo{Kind::k8s_secret, "Secret", "", "v1"},
    KindInfo{Kind::api_gateway_class, "GatewayClass", kGatewayApi, "v1 v1beta1", false},
    KindInfo{Kind::api_gateway, "Gateway", kGatewayApi, "v1 v1beta1"},
    KindInfo{Kind::http_route, "HTTPRoute", kGatewayApi, "v1 v1beta1"},
    KindInfo{Kind::grpc_route, "GRPCRoute", kGatewayApi, "v1"},
    KindInfo{Kind::tls_route, "TLSRoute", kGatewayApi, "v1 v1alpha3 v1alpha2"},
    KindInfo{Kind::tcp_route, "TCPRoute", kGatewayApi, "v1 v1alpha2"},
    KindInfo{Kind::reference_grant, "ReferenceGrant", kGatewayApi, "v1 v1beta1"},
};

bool has_version(const KindInfo& kind, std::string_view version) {
  std::string_view rest = kind.versions;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == version) return true;
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  return false;
}

std::string api_version(const KindInfo& kind, std::string_view version) {
  return kind.group.empty() ? std::string(version) : fmt::format("{}/{}", kind.group, version);
}

std::string newest(const KindInfo& kind) { return api_version(kind, kind.versions.substr(0, kind.versions.find(' '))); }

/// Groups in which every kind has to be one that Proa knows; objects of any other are not for Proa.
bool ours(std::string_view group) { return group.ends_with(".istio.io") || group == kGatewayApi; }

}  // namespace

std::span<const KindInfo> all_kinds() { return kKinds; }
const KindInfo& info(Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::expected<Kind, NoKind> find_kind(std::string_view written, std::string_view name) {
  const std::size_t slash = written.find('/');
  const std::string_view group = slash == std::string_view::npos ? std::string_view() : written.substr(0, slash);
  const std::string_view version = slash == std::string_view::npos ? written : written.substr(slash + 1);
  std::vector<std::string> of_group;
  const KindInfo* elsewhere = nullptr;
  for (const KindInfo& kind : kKinds) {
    if (kind.kind == Kind::mesh_config) continue;
    if (kind.group == group) of_group.emplace_back(kind.name);
    if (kind.name != name) continue;
    if (kind.group != group) {
      elsewhere = &kind;
    } else if (has_version(kind, version)) {
      return kind.kind;
    } else {
      return std::unexpected(
          NoKind{fmt::format("{} has no version {}", name, config::shown(version)), "write " + newest(kind)});
    }
  }
  if (ours(group)) {
    std::string fix = config::did_you_mean(config::nearest_names(name, of_group));
    if (fix.empty() && elsewhere != nullptr) fix = "its apiVersion is " + newest(*elsewhere);
    return std::unexpected(NoKind{fmt::format("{} has no kind {} that Proa takes", group, config::shown(name)), fix});
  }
  // Right name, wrong group: nothing else is called VirtualService. "Service", "Gateway" and the like are.
  if (elsewhere != nullptr && ours(elsewhere->group) && elsewhere->name != "Gateway") {
    return std::unexpected(
        NoKind{fmt::format("{} is no group of kind {}", config::shown(written), name), "write " + newest(*elsewhere)});
  }
  std::vector<std::string> groups;
  for (const KindInfo& kind : kKinds) groups.emplace_back(kind.group);
  const std::vector<std::string> near = config::nearest_names(group, groups, 1);
  if (!group.empty() && !near.empty() && ours(near.front())) {
    return std::unexpected(
        NoKind{fmt::format("{} is no group that Proa knows", config::shown(group)), config::did_you_mean(near)});
  }
  return std::unexpected(
      NoKind{fmt::format("a {} of {} is nothing that Proa takes; it is not used", name, written), {}, true});
}

std::string shown(const ObjectKey& key) {
  const KindInfo& kind = info(key.kind);
  const std::string name = key.ns.empty() ? key.name : key.ns + "/" + key.name;
  if (key.kind == Kind::api_gateway) return fmt::format("{}.{} {}", kind.name, kind.group, name);
  return name.empty() ? std::string(kind.name) : fmt::format("{} {}", kind.name, name);
}

}  // namespace proa::mesh
