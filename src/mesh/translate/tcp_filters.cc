#include "mesh/translate/tcp_filters.h"

#include "envoy/extensions/filters/network/mongo_proxy/v3/mongo_proxy.pb.h"

namespace proa::mesh {

void set_connection_policy(const istio::networking::v1alpha3::TrafficPolicy& policy, TcpProxy& out) {
  const auto& tcp = policy.connection_pool().tcp();
  if (tcp.has_idle_timeout()) *out.mutable_idle_timeout() = tcp.idle_timeout();
  if (tcp.has_max_connection_duration()) {
    *out.mutable_max_downstream_connection_duration() = tcp.max_connection_duration();
  }
  if (policy.load_balancer().consistent_hash().use_source_ip()) out.add_hash_policy()->mutable_source_ip();
}

void add_logs(const Reporting& reporting, TcpProxy& out) {
  for (const auto& log : reporting.logs) *out.add_access_log() = log;
}

std::vector<envoy::config::listener::v3::Filter> tcp_filters(const TcpProxy& proxy, Protocol protocol,
                                                             const Reporting& reporting) {
  std::vector<envoy::config::listener::v3::Filter> out;
  if (reporting.stats) {
    auto& stats = out.emplace_back();
    stats.set_name("istio.stats");
    *stats.mutable_typed_config() = *reporting.stats;
  }
  if (protocol == Protocol::mongo) {
    envoy::extensions::filters::network::mongo_proxy::v3::MongoProxy mongo;
    mongo.set_stat_prefix(proxy.stat_prefix());
    out.push_back(network_filter("envoy.filters.network.mongo_proxy", mongo));
  }
  out.push_back(network_filter("envoy.filters.network.tcp_proxy", proxy));
  return out;
}

}  // namespace proa::mesh
