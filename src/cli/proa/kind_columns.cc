#include "cli/proa/kind_columns.h"

#include <algorithm>
#include <optional>

namespace proa::cli {

namespace {

using mesh::Kind;

constexpr KindColumn kVirtualService[] = {{"GATEWAYS", "spec.gateways", "mesh"}, {"HOSTS", "spec.hosts"}};
constexpr KindColumn kDestinationRule[] = {{"HOST", "spec.host"}};
constexpr KindColumn kServiceEntry[] = {
    {"HOSTS", "spec.hosts"}, {"LOCATION", "spec.location", "MESH_EXTERNAL"}, {"RESOLUTION", "spec.resolution", "NONE"}};
constexpr KindColumn kWorkloadEntry[] = {{"ADDRESS", "spec.address"}};
constexpr KindColumn kPeerAuthentication[] = {{"MODE", "spec.mtls.mode"}};
constexpr KindColumn kAuthorizationPolicy[] = {{"ACTION", "spec.action", "ALLOW"}};
constexpr KindColumn kService[] = {{"TYPE", "spec.type", "ClusterIP"}, {"CLUSTER-IP", "spec.clusterIP"}};
constexpr KindColumn kSecret[] = {{"TYPE", "type", "Opaque"}};
constexpr KindColumn kApiGateway[] = {{"CLASS", "spec.gatewayClassName"}};
constexpr KindColumn kApiGatewayClass[] = {{"CONTROLLER", "spec.controllerName"}};
constexpr KindColumn kRoute[] = {{"HOSTNAMES", "spec.hostnames", "*"}};

}  // namespace

std::span<const KindColumn> columns_of(Kind kind) {
  switch (kind) {
    case Kind::virtual_service: return kVirtualService;
    case Kind::destination_rule: return kDestinationRule;
    case Kind::service_entry: return kServiceEntry;
    case Kind::workload_entry: return kWorkloadEntry;
    case Kind::peer_authentication: return kPeerAuthentication;
    case Kind::authorization_policy: return kAuthorizationPolicy;
    case Kind::k8s_service: return kService;
    case Kind::k8s_secret: return kSecret;
    case Kind::api_gateway: return kApiGateway;
    case Kind::api_gateway_class: return kApiGatewayClass;
    case Kind::http_route:
    case Kind::grpc_route:
    case Kind::tls_route: return kRoute;
    default: return {};
  }
}

std::string cell_of(const config::Node& object, const KindColumn& column) {
  std::optional<config::Node> node = object;
  for (std::string_view rest = column.path; node && !rest.empty();) {
    const std::string_view step = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(rest.size(), step.size() + 1));
    node = node->find(step);
  }
  std::string out;
  if (node && node->is_scalar() && !node->is_null()) out = node->text();
  for (std::size_t i = 0; node && node->is_sequence() && i < node->size(); ++i) {
    out += out.empty() ? "" : ",";
    out += node->item(i).text();
  }
  if (out.empty()) out = column.absent.empty() ? "-" : column.absent;
  return out;
}

}  // namespace proa::cli
