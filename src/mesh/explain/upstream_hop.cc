#include "mesh/explain/upstream_hop.h"

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"
#include "mesh/push/resource_type.h"

namespace proa::mesh {

namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::config::core::v3::TransportSocket;
using envoy::extensions::transport_sockets::proxy_protocol::v3::ProxyProtocolUpstreamTransport;
using envoy::extensions::transport_sockets::tls::v3::UpstreamTlsContext;

TransportSocket socket_of(const Cluster& cluster, const std::string& match) {
  for (const auto& each : cluster.transport_socket_matches()) {
    if (!match.empty() && each.name() == match) return each.transport_socket();
  }
  return cluster.transport_socket();
}

}  // namespace

Hop hop_to(const ResourceSet& set, const proxy::Explanation& way, const proxy::ExplainedHost& host) {
  Hop out{.endpoint = host.address};
  const auto clusters = set.types.find(std::string(kClusterType));
  if (!host.tls || clusters == set.types.end() || !clusters->second.contains(way.cluster)) return out;
  Cluster cluster;
  cluster.ParseFromString(clusters->second.at(way.cluster)->body);
  TransportSocket socket = socket_of(cluster, host.socket);
  if (ProxyProtocolUpstreamTransport outer; socket.typed_config().UnpackTo(&outer)) socket = outer.transport_socket();
  UpstreamTlsContext tls;
  if (!socket.typed_config().UnpackTo(&tls)) return out;
  const auto& common = tls.common_tls_context();
  const bool certificate = common.tls_certificate_sds_secret_configs_size() > 0 || common.tls_certificates_size() > 0;
  out.tls = certificate ? Hop::Tls::mutual : Hop::Tls::simple;
  out.sni = tls.sni();
  out.alpn = way.upstream_alpn;
  if (out.alpn.empty()) out.alpn.assign(common.alpn_protocols().begin(), common.alpn_protocols().end());
  for (const auto& name : common.combined_validation_context().default_validation_context().match_subject_alt_names()) {
    out.names.push_back(name.exact());
  }
  return out;
}

}  // namespace proa::mesh
