#include "mesh/translate/client_tls.h"

#include <fmt/format.h>

#include <set>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol.pb.h"
#include "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"
#include "mesh/translate/agent_secret.h"
#include "mesh/translate/names.h"
#include "mesh/translate/packed.h"

namespace proa::mesh {

namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::config::core::v3::TransportSocket;
using envoy::extensions::transport_sockets::tls::v3::CommonTlsContext;
using envoy::extensions::transport_sockets::tls::v3::TlsParameters;
using envoy::extensions::transport_sockets::tls::v3::UpstreamTlsContext;
using istio::networking::v1alpha3::ClientTLSSettings;
using istio::networking::v1alpha3::TrafficPolicy;

void set_versions(CommonTlsContext& out) {
  out.mutable_tls_params()->set_tls_minimum_protocol_version(TlsParameters::TLSv1_2);
  out.mutable_tls_params()->set_tls_maximum_protocol_version(TlsParameters::TLSv1_3);
}

template <class Names>
void expect_names(const Names& names, CommonTlsContext& out) {
  auto& context = *out.mutable_combined_validation_context()->mutable_default_validation_context();
  for (const std::string& name : names) context.add_match_subject_alt_names()->set_exact(name);
}

/// Istio's own: the workload's certificate, the mesh's roots, and the names of those who serve.
UpstreamTlsContext istio_mutual(const std::string& sni, const std::set<std::string>& names, bool http2) {
  UpstreamTlsContext out;
  CommonTlsContext& common = *out.mutable_common_tls_context();
  set_versions(common);
  set_agent_secret("default", true, *common.add_tls_certificate_sds_secret_configs());
  expect_names(names, common);
  set_agent_secret("ROOTCA", true,
                   *common.mutable_combined_validation_context()->mutable_validation_context_sds_secret_config());
  common.add_alpn_protocols("istio-peer-exchange");
  common.add_alpn_protocols("istio");
  if (http2) common.add_alpn_protocols("h2");
  out.set_sni(sni);
  return out;
}

UpstreamTlsContext own_tls(const ClientTLSSettings& tls, bool http2) {
  UpstreamTlsContext out;
  CommonTlsContext& common = *out.mutable_common_tls_context();
  set_versions(common);
  if (!tls.client_certificate().empty()) {
    set_agent_secret(fmt::format("file-cert:{}~{}", tls.client_certificate(), tls.private_key()), false,
                     *common.add_tls_certificate_sds_secret_configs());
  }
  if (!tls.insecure_skip_verify().value()) {
    expect_names(tls.subject_alt_names(), common);
    // No file means the system's roots.
    const std::string root = tls.ca_certificates().empty() ? "system" : tls.ca_certificates();
    set_agent_secret("file-root:" + root, false,
                     *common.mutable_combined_validation_context()->mutable_validation_context_sds_secret_config());
  }
  if (http2) common.add_alpn_protocols("h2");
  out.set_sni(tls.sni());
  return out;
}

TransportSocket socket_of(const char* name, const google::protobuf::Message& config) {
  TransportSocket out;
  out.set_name(name);
  *out.mutable_typed_config() = packed(config);
  return out;
}

TransportSocket tls_socket(const UpstreamTlsContext& context) {
  return socket_of("envoy.transport_sockets.tls", context);
}

TransportSocket raw_socket() {
  return socket_of("envoy.transport_sockets.raw_buffer",
                   envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer());
}

TransportSocket with_proxy_protocol(const TrafficPolicy& policy, TransportSocket inner) {
  if (!policy.has_proxy_protocol()) return inner;
  envoy::extensions::transport_sockets::proxy_protocol::v3::ProxyProtocolUpstreamTransport out;
  out.mutable_config()->set_version(policy.proxy_protocol().version() == TrafficPolicy::ProxyProtocol::V2
                                        ? envoy::config::core::v3::ProxyProtocolConfig::V2
                                        : envoy::config::core::v3::ProxyProtocolConfig::V1);
  *out.mutable_transport_socket() = std::move(inner);
  return socket_of("envoy.transport_sockets.upstream_proxy_protocol", out);
}

/// The identities of all who serve the port, and those that the service names itself.
std::set<std::string> identities(const AssignmentFor& what) {
  std::set<std::string> out(what.service.subject_alt_names.begin(), what.service.subject_alt_names.end());
  for (const ServiceEndpoint& endpoint : what.world.services().endpoints(what.service, what.port)) {
    if (endpoint.workload->service_account.empty()) continue;
    out.insert(fmt::format("spiffe://{}/ns/{}/sa/{}", what.world.mesh().trust_domain(), endpoint.workload->ns,
                           endpoint.workload->service_account));
  }
  return out;
}

bool speaks_http2(const AssignmentFor& what, const TrafficPolicy& policy) {
  using Http = istio::networking::v1alpha3::ConnectionPoolSettings::HTTPSettings;
  return is_http2(what.port.protocol) ||
         (what.port.protocol == Protocol::http && policy.connection_pool().http().h2_upgrade_policy() == Http::UPGRADE);
}

}  // namespace

ClientTls client_tls(const AssignmentFor& what, const TrafficPolicy& policy, const std::string& subset, Cluster& out) {
  const ClientTLSSettings& tls = policy.tls();
  const std::string sni = outbound_sni(what.port.number, subset, what.service.hostname);
  const bool http2 = speaks_http2(what, policy);
  if (policy.has_tls() && tls.mode() == ClientTLSSettings::ISTIO_MUTUAL) {
    std::set<std::string> names(tls.subject_alt_names().begin(), tls.subject_alt_names().end());
    if (names.empty()) names = identities(what);
    *out.mutable_transport_socket() =
        with_proxy_protocol(policy, tls_socket(istio_mutual(tls.sni().empty() ? sni : tls.sni(), names, http2)));
    return {};
  }
  if (policy.has_tls() && tls.mode() != ClientTLSSettings::DISABLE) {
    *out.mutable_transport_socket() = with_proxy_protocol(policy, tls_socket(own_tls(tls, http2)));
    const bool by_host = is_http(what.port.protocol) && tls.sni().empty();
    return {.own = true, .auto_sni = by_host, .auto_san = by_host && tls.subject_alt_names().empty()};
  }
  const bool automatic = !policy.has_tls() && what.world.mesh().enable_auto_mtls().value() && !what.service.external &&
                         out.type() != Cluster::ORIGINAL_DST;
  if (!automatic) {
    if (policy.has_proxy_protocol()) *out.mutable_transport_socket() = with_proxy_protocol(policy, raw_socket());
    return {};
  }
  auto& mutual = *out.add_transport_socket_matches();
  mutual.set_name("tlsMode-istio");
  (*mutual.mutable_match()->mutable_fields())["tlsMode"].set_string_value("istio");
  *mutual.mutable_transport_socket() =
      with_proxy_protocol(policy, tls_socket(istio_mutual(sni, identities(what), http2)));
  auto& plain = *out.add_transport_socket_matches();
  plain.set_name("tlsMode-disabled");
  plain.mutable_match();
  *plain.mutable_transport_socket() = with_proxy_protocol(policy, raw_socket());
  return {};
}

}  // namespace proa::mesh
