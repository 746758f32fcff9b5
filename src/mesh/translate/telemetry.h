// telemetry: what is logged, traced and counted: by Telemetry objects, else by the MeshConfig.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "envoy/config/accesslog/v3/accesslog.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "mesh/model/world.h"
#include "mesh/translate/proxy_node.h"

namespace proa::mesh {

/// Which way the traffic goes that a listener takes.
enum class Direction : std::uint8_t { outbound, inbound, gateway };

using AccessLogs = std::vector<envoy::config::accesslog::v3::AccessLog>;

/// For one proxy and direction; the same for all its listeners.
struct Reporting {
  Direction direction = Direction::outbound;
  AccessLogs logs{};  ///< of requests and of connections
  std::optional<envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager::Tracing>
      tracing{};
  std::optional<google::protobuf::Any> stats{};  ///< of the filter istio.stats; none: the proxy lacks it, or no metrics
};

Reporting reporting_for(const World& world, const ProxyNode& node, Direction direction);

/// Of a listener: only connections that no filter chain takes.
AccessLogs listener_logs(const Reporting& reporting);

/// A message of Istio's own, whose C++ we need not have, as Envoy takes it: a Struct with its type.
google::protobuf::Any typed_struct(std::string type, const google::protobuf::Struct& value);

}  // namespace proa::mesh
