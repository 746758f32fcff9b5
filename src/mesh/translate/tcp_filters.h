// tcp_filters: the network filters that end a chain of bytes, for sidecars and gateways alike.
#pragma once

#include <vector>

#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"
#include "mesh/translate/connection_manager.h"

namespace proa::mesh {

using TcpProxy = envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;

/// What a policy says of connections as such.
void set_connection_policy(const istio::networking::v1alpha3::TrafficPolicy& policy, TcpProxy& out);

void add_logs(const Reporting& reporting, TcpProxy& out);

/// Statistics, the reading of the port's protocol, and the proxy.
std::vector<envoy::config::listener::v3::Filter> tcp_filters(const TcpProxy& proxy, Protocol protocol,
                                                             const Reporting& reporting);

}  // namespace proa::mesh
