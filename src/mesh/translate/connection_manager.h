// connection_manager: the HTTP connection manager as Istio fills it in, for every direction: paths, upgrades, client
// certificates, tracing, access logs, and the order of the HTTP filters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "envoy/config/listener/v3/listener_components.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "mesh/translate/telemetry.h"

namespace proa::mesh {

using HttpManager = envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using HttpFilters = std::vector<envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter>;

/// What a manager is made for. The references must outlive the call.
struct ManagerFor {
  const World& world;
  const ProxyNode& node;
  const Reporting& reporting;  ///< of this node and direction: reporting_for()
  std::string stat_prefix{};   ///< "outbound_0.0.0.0_80"; the ';' that ends it is added
  bool grpc_web = false;       ///< the port speaks gRPC-Web
};

/// Without routes: set route_config, or call use_routes(). `policies` stand where Istio has its authentication and
/// authorization: after the exchange of metadata, before all that counts and shapes.
HttpManager connection_manager(const ManagerFor& what, HttpFilters policies = {});

/// The routes come by RDS over the same stream.
void use_routes(std::string name, HttpManager& manager);

/// The manager as a filter of a chain.
envoy::config::listener::v3::Filter filter_of(const HttpManager& manager);

/// A filter of a chain by its name and message: network_filter("envoy.filters.network.tcp_proxy", proxy).
envoy::config::listener::v3::Filter network_filter(std::string_view name, const google::protobuf::Message& config);
envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter http_filter(
    std::string_view name, const google::protobuf::Message& config);
envoy::config::listener::v3::ListenerFilter listener_filter(std::string_view name,
                                                            const google::protobuf::Message& config);

}  // namespace proa::mesh
