#include "mesh/translate/server_tls.h"

#include <fmt/format.h>

#include <set>

#include "mesh/translate/agent_secret.h"
#include "mesh/translate/packed.h"

namespace proa::mesh {

namespace {

using envoy::config::core::v3::TransportSocket;
using envoy::extensions::transport_sockets::tls::v3::CertificateValidationContext;
using envoy::extensions::transport_sockets::tls::v3::CommonTlsContext;
using envoy::extensions::transport_sockets::tls::v3::DownstreamTlsContext;
using envoy::extensions::transport_sockets::tls::v3::SdsSecretConfig;
using envoy::extensions::transport_sockets::tls::v3::TlsParameters;
using istio::networking::v1alpha3::ServerTLSSettings;

TransportSocket socket_of(const DownstreamTlsContext& context) {
  TransportSocket out;
  out.set_name("envoy.transport_sockets.tls");
  *out.mutable_typed_config() = packed(context);
  return out;
}

/// A secret that the control plane serves: "edge-cert", or one that says its kind ("configmap://").
void set_credential(const std::string& name, std::string_view suffix, SdsSecretConfig& out) {
  const bool typed = name.find("://") != std::string::npos;
  out.set_name(fmt::format("{}{}{}", typed ? "" : "kubernetes://", name, suffix));
  out.mutable_sds_config()->mutable_ads();
  out.mutable_sds_config()->set_resource_api_version(envoy::config::core::v3::V3);
}

void set_workload_secrets(CommonTlsContext& out) {
  set_agent_secret("default", true, *out.add_tls_certificate_sds_secret_configs());
  auto& validation = *out.mutable_combined_validation_context();
  validation.mutable_default_validation_context();
  set_agent_secret("ROOTCA", true, *validation.mutable_validation_context_sds_secret_config());
}

TlsParameters::TlsProtocol version(ServerTLSSettings::TLSProtocol from) {
  switch (from) {
    case ServerTLSSettings::TLSV1_0: return TlsParameters::TLSv1_0;
    case ServerTLSSettings::TLSV1_1: return TlsParameters::TLSv1_1;
    case ServerTLSSettings::TLSV1_2: return TlsParameters::TLSv1_2;
    case ServerTLSSettings::TLSV1_3: return TlsParameters::TLSv1_3;
    default: return TlsParameters::TLS_AUTO;
  }
}

void set_parameters(const ServerTLSSettings& tls, CommonTlsContext& out) {
  if (tls.min_protocol_version() == ServerTLSSettings::TLS_AUTO &&
      tls.max_protocol_version() == ServerTLSSettings::TLS_AUTO && tls.cipher_suites().empty()) {
    return;
  }
  auto& parameters = *out.mutable_tls_params();
  parameters.set_tls_minimum_protocol_version(version(tls.min_protocol_version()));
  parameters.set_tls_maximum_protocol_version(version(tls.max_protocol_version()));
  std::set<std::string> seen;
  for (const std::string& suite : tls.cipher_suites()) {
    if (seen.insert(suite).second) parameters.add_cipher_suites(suite);
  }
}

void set_certificates(const ServerTLSSettings& tls, CommonTlsContext& out) {
  for (const std::string& name : tls.credential_names()) {
    set_credential(name, "", *out.add_tls_certificate_sds_secret_configs());
  }
  if (!tls.credential_names().empty()) return;
  if (!tls.credential_name().empty()) {
    return set_credential(tls.credential_name(), "", *out.add_tls_certificate_sds_secret_configs());
  }
  const auto add = [&](const std::string& certificate, const std::string& key) {
    set_agent_secret(fmt::format("file-cert:{}~{}", certificate, key), false,
                     *out.add_tls_certificate_sds_secret_configs());
  };
  for (const auto& each : tls.tls_certificates()) add(each.server_certificate(), each.private_key());
  if (tls.tls_certificates().empty()) add(tls.server_certificate(), tls.private_key());
}

/// Whose certificates clients may show.
void set_client_authority(const ServerTLSSettings& tls, CommonTlsContext& out) {
  auto& validation = *out.mutable_combined_validation_context();
  CertificateValidationContext& context = *validation.mutable_default_validation_context();
  for (const std::string& name : tls.subject_alt_names()) context.add_match_subject_alt_names()->set_exact(name);
  *context.mutable_verify_certificate_spki() = tls.verify_certificate_spki();
  *context.mutable_verify_certificate_hash() = tls.verify_certificate_hash();
  if (!tls.ca_crl().empty()) context.mutable_crl()->set_filename(tls.ca_crl());
  if (tls.mode() == ServerTLSSettings::OPTIONAL_MUTUAL && tls.insecure_skip_verify().value()) {
    context.set_trust_chain_verification(CertificateValidationContext::ACCEPT_UNTRUSTED);
  }
  SdsSecretConfig& authority = *validation.mutable_validation_context_sds_secret_config();
  if (!tls.ca_cert_credential_name().empty()) {
    return set_credential(tls.ca_cert_credential_name(), "-cacert", authority);
  }
  if (!tls.credential_names().empty()) return set_credential(tls.credential_names(0), "-cacert", authority);
  if (!tls.credential_name().empty()) return set_credential(tls.credential_name(), "-cacert", authority);
  std::string file = tls.ca_certificates();
  if (file.empty() && !tls.tls_certificates().empty()) file = tls.tls_certificates(0).ca_certificates();
  set_agent_secret("file-root:" + file, false, authority);
}

}  // namespace

TransportSocket mutual_tls_socket(const World& world, bool http) {
  DownstreamTlsContext out;
  CommonTlsContext& common = *out.mutable_common_tls_context();
  auto& parameters = *common.mutable_tls_params();
  using MeshTls = istio::mesh::v1alpha1::MeshConfig::TLSConfig;
  const auto& mesh = world.mesh().mesh_mtls();
  parameters.set_tls_minimum_protocol_version(mesh.min_protocol_version() == MeshTls::TLSV1_3 ? TlsParameters::TLSv1_3
                                                                                              : TlsParameters::TLSv1_2);
  parameters.set_tls_maximum_protocol_version(TlsParameters::TLSv1_3);
  for (const char* suite :
       {"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-GCM-SHA256"}) {
    parameters.add_cipher_suites(suite);
  }
  *parameters.mutable_ecdh_curves() = mesh.ecdh_curves();
  set_workload_secrets(common);
  auto& context = *common.mutable_combined_validation_context()->mutable_default_validation_context();
  const auto trust = [&](const std::string& domain) {
    context.add_match_subject_alt_names()->set_prefix(fmt::format("spiffe://{}/", domain));
  };
  trust(world.mesh().trust_domain());
  for (const std::string& alias : world.mesh().trust_domain_aliases()) {
    if (alias != world.mesh().trust_domain()) trust(alias);
  }
  if (!http) common.add_alpn_protocols("istio-peer-exchange");
  common.add_alpn_protocols("h2");
  common.add_alpn_protocols("http/1.1");
  out.mutable_require_client_certificate()->set_value(true);
  return socket_of(out);
}

std::optional<TransportSocket> server_tls_socket(const ServerTLSSettings& tls, bool http) {
  if (tls.mode() == ServerTLSSettings::PASSTHROUGH || tls.mode() == ServerTLSSettings::AUTO_PASSTHROUGH) {
    return std::nullopt;
  }
  DownstreamTlsContext out;
  CommonTlsContext& common = *out.mutable_common_tls_context();
  set_parameters(tls, common);
  if (tls.mode() == ServerTLSSettings::ISTIO_MUTUAL) {
    set_workload_secrets(common);
    auto& context = *common.mutable_combined_validation_context()->mutable_default_validation_context();
    for (const std::string& name : tls.subject_alt_names()) context.add_match_subject_alt_names()->set_exact(name);
  } else {
    set_certificates(tls, common);
    if (tls.mode() != ServerTLSSettings::SIMPLE) set_client_authority(tls, common);
  }
  if (!http && tls.mode() == ServerTLSSettings::ISTIO_MUTUAL) common.add_alpn_protocols("istio-peer-exchange");
  common.add_alpn_protocols("h2");
  common.add_alpn_protocols("http/1.1");
  out.mutable_require_client_certificate()->set_value(tls.mode() == ServerTLSSettings::MUTUAL ||
                                                      tls.mode() == ServerTLSSettings::ISTIO_MUTUAL);
  return socket_of(out);
}

}  // namespace proa::mesh
