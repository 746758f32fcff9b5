#include "mesh/agent/sidecar_bootstrap.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

namespace proa::mesh {

namespace {

using Json = nlohmann::ordered_json;

/// What istiod of this version emits is what `proa control` is tested against.
constexpr std::string_view kIstioVersion = "1.29.6";

constexpr std::string_view kTypes = "type.googleapis.com/";

Json any(std::string_view type, Json fields = Json::object()) {
  Json out{{"@type", std::string(kTypes) + std::string(type)}};
  out.update(fields);
  return out;
}

Json json_of(const net::Address& address) {
  if (address.is_unix()) return {{"pipe", {{"path", address.path()}}}};
  return {{"socket_address", {{"address", address.ip()}, {"port_value", address.port()}}}};
}

Json endpoint(Json address) {
  return {{"endpoints",
           Json::array({{{"lb_endpoints", Json::array({{{"endpoint", {{"address", std::move(address)}}}}})}}})}};
}

Json cluster(std::string_view name, Json address) {
  Json assignment = endpoint(std::move(address));
  assignment["cluster_name"] = name;
  return {{"name", name}, {"type", "STATIC"}, {"connect_timeout", "1s"}, {"load_assignment", std::move(assignment)}};
}

Json http2() {
  constexpr std::string_view kOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return {{kOptions, any(kOptions, {{"explicit_http_config",
                                     {{"http2_protocol_options",
                                       {{"connection_keepalive", {{"interval", "30s"}, {"timeout", "10s"}}}}}}}})}};
}

Json secret(std::string_view name) {
  return {{"name", name},
          {"sds_config",
           {{"api_config_source",
             {{"api_type", "GRPC"},
              {"transport_api_version", "V3"},
              {"set_node_on_first_message_only", true},
              {"grpc_services", Json::array({{{"envoy_grpc", {{"cluster_name", "sds-grpc"}}}}})}}},
            {"initial_fetch_timeout", "0s"},
            {"resource_api_version", "V3"}}}};
}

Json control_cluster(const SidecarBootstrap& from) {
  const bool literal = net::Address::parse_ip(from.control_host, 0).has_value();
  Json out =
      cluster("xds-grpc", {{"socket_address", {{"address", from.control_host}, {"port_value", from.control_port}}}});
  if (!literal) out["type"] = "STRICT_DNS";
  out["upstream_connection_options"] = {{"tcp_keepalive", {{"keepalive_time", 300}}}};
  out["typed_extension_protocol_options"] = http2();
  Json common{{"alpn_protocols", {"h2"}}, {"tls_certificate_sds_secret_configs", Json::array({secret("default")})}};
  Json names = Json::array({{{"san_type", "DNS"}, {"matcher", {{"exact", from.control_name}}}}});
  common["combined_validation_context"] = {
      {"default_validation_context", {{"match_typed_subject_alt_names", std::move(names)}}},
      {"validation_context_sds_secret_config", secret("ROOTCA")}};
  out["transport_socket"] = {{"name", "envoy.transport_sockets.tls"},
                             {"typed_config", any("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                                                  {{"sni", from.control_name}, {"common_tls_context", common}})}};
  return out;
}

/// One path of HTTP that leads to a cluster. The admin page answers only to names of its own.
Json listener(std::string_view name, const net::Address& address, std::string_view path, std::string_view to) {
  Json route{{"match", {{"path", path}}}, {"route", {{"cluster", to}, {"host_rewrite_literal", "localhost"}}}};
  Json host{{"name", "backend"}, {"domains", {"*"}}, {"routes", Json::array({std::move(route)})}};
  Json router{{"name", "envoy.filters.http.router"},
              {"typed_config", any("envoy.extensions.filters.http.router.v3.Router")}};
  Json manager = any("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                     {{"stat_prefix", name},
                      {"route_config", {{"virtual_hosts", Json::array({std::move(host)})}}},
                      {"http_filters", Json::array({std::move(router)})}});
  Json filter{{"name", "envoy.filters.network.http_connection_manager"}, {"typed_config", std::move(manager)}};
  Json chain{{"filters", Json::array({std::move(filter)})}};
  return {{"name", name}, {"address", json_of(address)}, {"filter_chains", Json::array({std::move(chain)})}};
}

Json node_of(const SidecarNode& node) {
  const std::string addresses = fmt::format("{}", fmt::join(node.addresses, ","));
  Json metadata{{"NAME", node.name},
                {"NAMESPACE", node.id.name_space},
                {"SERVICE_ACCOUNT", node.id.account},
                {"WORKLOAD_NAME", node.workload},
                {"INSTANCE_IPS", addresses},
                {"LABELS", node.labels},
                {"CLUSTER_ID", node.cluster_id},
                {"MESH_ID", node.id.trust_domain},
                {"INTERCEPTION_MODE", node.interception},
                {"ISTIO_VERSION", kIstioVersion},
                {"PROXY_CONFIG", Json::object()}};
  if (!node.network.empty()) metadata["NETWORK"] = node.network;
  Json out{{"id", node.node_id()},
           {"cluster", fmt::format("{}.{}", node.workload, node.id.name_space)},
           {"metadata", std::move(metadata)}};
  if (!node.region.empty()) {
    out["locality"] = {{"region", node.region}, {"zone", node.zone}, {"sub_zone", node.subzone}};
  }
  return out;
}

}  // namespace

std::string SidecarNode::node_id() const {
  return fmt::format("{}~{}~{}.{}~{}.svc.{}", gateway ? "router" : "sidecar", addresses.front(), name, id.name_space,
                     id.name_space, dns_domain);
}

std::string SidecarBootstrap::text() const {
  Json secrets = cluster("sds-grpc", {{"pipe", {{"path", secret_socket}}}});
  secrets["typed_extension_protocol_options"] = http2();
  Json clusters = Json::array({std::move(secrets), control_cluster(*this)});
  Json listeners = Json::array();
  if (metrics) {
    clusters.push_back(cluster("prometheus_stats", json_of(admin)));
    listeners.push_back(listener("metrics", metrics, "/stats/prometheus", "prometheus_stats"));
  }
  if (readiness) {
    clusters.push_back(cluster("agent", json_of(agent)));
    listeners.push_back(listener("readiness", readiness, "/healthz/ready", "agent"));
  }
  const Json aggregated{{"ads", Json::object()}, {"initial_fetch_timeout", "0s"}, {"resource_api_version", "V3"}};
  Json stream{{"api_type", "DELTA_GRPC"},
              {"transport_api_version", "V3"},
              {"set_node_on_first_message_only", true},
              {"grpc_services", Json::array({{{"envoy_grpc", {{"cluster_name", "xds-grpc"}}}}})}};
  const Json out{{"node", node_of(node)},
                 {"admin", {{"address", json_of(admin)}}},
                 {"dynamic_resources",
                  {{"ads_config", std::move(stream)}, {"cds_config", aggregated}, {"lds_config", aggregated}}},
                 {"static_resources", {{"clusters", std::move(clusters)}, {"listeners", std::move(listeners)}}}};
  return out.dump(1) + "\n";
}

}  // namespace proa::mesh
