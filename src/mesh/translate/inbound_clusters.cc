#include "mesh/translate/inbound_clusters.h"

#include <charconv>

#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"
#include "mesh/translate/circuit_breakers.h"
#include "mesh/translate/endpoints.h"
#include "mesh/translate/inbound_ports.h"
#include "mesh/translate/names.h"
#include "mesh/translate/packed.h"

namespace proa::mesh {

namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::config::core::v3::Address;
using envoy::extensions::upstreams::http::v3::HttpProtocolOptions;
using istio::networking::v1alpha3::ConnectionPoolSettings;

/// Limits of the Sidecar's listener, else the Sidecar's, else those that clients are told, too.
ConnectionPoolSettings pool_of(const World& world, const ProxyNode& node, const InboundPort& port) {
  if (port.ingress != nullptr && port.ingress->has_connection_pool()) return port.ingress->connection_pool();
  const auto scope = scope_of(world, node);
  if (scope.sidecar && scope.sidecar->spec.has_inbound_connection_pool()) {
    return scope.sidecar->spec.inbound_connection_pool();
  }
  if (port.services.empty()) return {};
  const auto& [service, service_port] = port.services.front();
  const auto rule = rule_for(world, node, *service);
  if (rule == nullptr) return {};
  istio::networking::v1alpha3::TrafficPolicy policy;
  policy_of({world, node, *service, *service_port, rule.get()}, policy);
  return policy.connection_pool();
}

void set_limits(const World& world, const ConnectionPoolSettings& pool, Cluster& out) {
  *out.mutable_connect_timeout() =
      pool.tcp().has_connect_timeout() ? pool.tcp().connect_timeout() : world.mesh().connect_timeout();
  set_breakers(pool, out);
}

/// Nothing is said of a workload that speaks no more than HTTP/1.
void set_protocol(Protocol protocol, const ConnectionPoolSettings& pool, Cluster& out) {
  HttpProtocolOptions options;
  const auto& http = pool.http();
  const bool idle = http.has_idle_timeout();
  const bool requests = http.max_requests_per_connection() > 0;
  if (idle) *options.mutable_common_http_protocol_options()->mutable_idle_timeout() = http.idle_timeout();
  if (requests) {
    options.mutable_common_http_protocol_options()->mutable_max_requests_per_connection()->set_value(
        static_cast<std::uint32_t>(http.max_requests_per_connection()));
  }
  if (is_http2(protocol)) {
    options.mutable_explicit_http_config()->mutable_http2_protocol_options();
  } else if (protocol == Protocol::automatic || http.use_client_protocol()) {
    options.mutable_use_downstream_protocol_config()->mutable_http_protocol_options();
    options.mutable_use_downstream_protocol_config()->mutable_http2_protocol_options();
  } else if (idle || requests) {
    options.mutable_explicit_http_config()->mutable_http_protocol_options();
  } else {
    return;
  }
  (*out.mutable_typed_extension_protocol_options())["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"] =
      packed(options);
}

/// "127.0.0.1:8080", "[::1]:8080", "unix:///path". All addresses at once mean the workload's own.
Address endpoint_address(const ProxyNode& node, std::string_view text) {
  Address out;
  if (text.starts_with("unix://")) {
    out.mutable_pipe()->set_path(std::string(text.substr(7)));
    return out;
  }
  const std::size_t colon = text.rfind(':');
  std::string host(text.substr(0, colon));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if ((host == "0.0.0.0" || host == "::") && !node.addresses.empty()) host = node.addresses.front();
  std::uint32_t port = 0;
  const std::string_view digits = text.substr(colon + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  out.mutable_socket_address()->set_address(std::move(host));
  out.mutable_socket_address()->set_port_value(port);
  return out;
}

void set_endpoint(const ProxyNode& node, const InboundPort& port, Cluster& out) {
  if (port.ingress != nullptr && !port.ingress->default_endpoint().empty()) {
    out.set_type(Cluster::STATIC);
    auto& assignment = *out.mutable_load_assignment();
    assignment.set_cluster_name(out.name());
    *assignment.add_endpoints()->add_lb_endpoints()->mutable_endpoint()->mutable_address() =
        endpoint_address(node, port.ingress->default_endpoint());
    return;
  }
  // Where the connection was going: the workload, from an address that the rules of interception leave alone.
  out.set_type(Cluster::ORIGINAL_DST);
  out.set_lb_policy(Cluster::CLUSTER_PROVIDED);
  out.mutable_cleanup_interval()->set_seconds(9223372035);  // never: the longest that Envoy takes
  auto& source = *out.mutable_upstream_bind_config()->mutable_source_address();
  source.set_address(wildcard_address(node) == "::" ? "::6" : "127.0.0.6");
  source.set_port_value(0);
}

void set_metadata(const InboundPort& port, Cluster& out) {
  auto& fields = *(*out.mutable_metadata()->mutable_filter_metadata())["istio"].mutable_fields();
  auto& list = *fields["services"].mutable_list_value();
  const auto add = [&](const std::string& host, const std::string& name, const std::string& ns) {
    auto& service = *list.add_values()->mutable_struct_value()->mutable_fields();
    service["host"].set_string_value(host);
    service["name"].set_string_value(name);
    service["namespace"].set_string_value(ns);
  };
  for (const auto& [service, service_port] : port.services) add(service->hostname, service->name, service->ns);
  if (port.services.empty() && port.sidecar) add(port.name, port.sidecar->meta.name, port.sidecar->meta.ns);
}

}  // namespace

std::vector<Cluster> inbound_clusters(const World& world, const ProxyNode& node) {
  std::vector<Cluster> out;
  for (const InboundPort& port : inbound_ports(world, node)) {
    Cluster& cluster = out.emplace_back();
    cluster.set_name(inbound_cluster(port.port));
    cluster.set_alt_stat_name(cluster.name() + ";");
    const ConnectionPoolSettings pool = pool_of(world, node, port);
    set_endpoint(node, port, cluster);
    set_limits(world, pool, cluster);
    set_protocol(port.protocol, pool, cluster);
    cluster.mutable_common_lb_config();
    set_metadata(port, cluster);
  }
  return out;
}

}  // namespace proa::mesh
