// Operators of connections: addresses, server name, TLS on both sides.
#include <array>

#include "net/transport.h"
#include "observe/format_step.h"

namespace proa::observe {
namespace {

using net::Address;
using net::CertificateInfo;
using net::TlsInfo;

// Which address.
const Address* downstream_local(const StreamInfo& info) { return info.downstream ? &info.downstream->local : nullptr; }
const Address* downstream_direct(const StreamInfo& info) {
  return info.downstream ? &info.downstream->direct_remote : nullptr;
}
const Address* downstream_remote(const StreamInfo& info) {
  if (info.remote_address) return info.remote_address;
  return info.downstream ? &info.downstream->remote : nullptr;
}
const Address* upstream_remote(const StreamInfo& info) { return info.upstream_remote; }
const Address* upstream_local(const StreamInfo& info) { return info.upstream_local; }

using Which = const Address* (*)(const StreamInfo&);

template <Which which>
void whole(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  const Address* address = which(info);
  if (!address) return value.set_missing();
  value.scratch = address->to_string();
  value.set_scratch();
}
template <Which which>
void without_port(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  const Address* address = which(info);
  if (!address) return value.set_missing();
  value.scratch = address->is_ip() ? address->ip() : address->to_string();
  value.set_scratch();
}
template <Which which>
void port(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  const Address* address = which(info);
  if (!address || !address->is_ip()) return value.set_missing();
  value.set(uint64_t{address->port()});
}

void server_name(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  value.set(info.downstream ? std::string_view(info.downstream->sni) : std::string_view());
}
void ja3(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  value.set(info.downstream ? std::string_view(info.downstream->ja3) : std::string_view());
}
void connection_id(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  info.downstream ? value.set(info.downstream->id) : value.set_missing();
}
void upstream_connection_id(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  info.upstream_connection_id ? value.set(info.upstream_connection_id) : value.set_missing();
}
void transport_failure(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  value.set(info.upstream_transport_failure_reason);
}
void downstream_transport_failure(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  value.set(info.downstream_transport_failure_reason);
}
void host_name(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  if (!info.upstream_host_name.empty()) return value.set(info.upstream_host_name);
  whole<upstream_remote>(FormatStep(), info, value);
}
void host_name_without_port(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  host_name(step, info, value);
  if (value.kind != FormatValue::Kind::kText) return;
  size_t colon = value.text.rfind(':');
  if (colon != std::string_view::npos && value.text.find(']', colon) == std::string_view::npos) {
    value.text = value.text.substr(0, colon);
  }
}

// TLS: downstream or upstream, the peer's or our own certificate.
const TlsInfo* downstream_tls(const StreamInfo& info) { return info.downstream ? info.downstream->tls.get() : nullptr; }
const TlsInfo* upstream_tls(const StreamInfo& info) { return info.upstream_tls.get(); }

using Side = const TlsInfo* (*)(const StreamInfo&);
using Whose = std::shared_ptr<const CertificateInfo> TlsInfo::*;

template <Side side, auto TlsInfo::* field>
void tls_text(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  const TlsInfo* tls = side(info);
  value.set(tls ? std::string_view(tls->*field) : std::string_view());
}
template <Side side, Whose whose, std::string CertificateInfo::* field>
void cert_text(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  const TlsInfo* tls = side(info);
  value.set(tls ? std::string_view((tls->*whose).get()->*field) : std::string_view());
}
template <Side side, Whose whose, std::vector<std::string> CertificateInfo::* field>
void cert_list(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  const TlsInfo* tls = side(info);
  if (!tls) return value.set_missing();
  value.scratch.clear();
  for (const std::string& entry : (tls->*whose).get()->*field) {
    if (!value.scratch.empty()) value.scratch += ',';
    value.scratch += entry;
  }
  value.set_scratch();
}
template <Side side>
void cert_pem(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  const TlsInfo* tls = side(info);
  if (!tls) return value.set_missing();
  value.scratch = tls->peer->url_encoded_pem();
  value.set_scratch();
}
template <Side side, WallTime CertificateInfo::* field>
void cert_time(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  const TlsInfo* tls = side(info);
  if (!tls || tls->peer.get()->*field == WallTime{}) return value.set_missing();
  value.scratch.clear();
  step.time.append(tls->peer.get()->*field, value.scratch);
  value.set_scratch();
}
Status compile_time(std::string_view arguments, FormatStep& step) {
  auto format = TimeFormat::compile(arguments, false);
  if (!format) return std::unexpected(format.error());
  step.time = std::move(*format);
  return {};
}

#define PROA_ADDRESS(NAME, WHICH) \
  {NAME "_ADDRESS", whole<WHICH>}, {NAME "_ADDRESS_WITHOUT_PORT", without_port<WHICH>}, { NAME "_PORT", port<WHICH> }
#define PROA_CERTIFICATE(NAME, SIDE, WHOSE)                                                         \
  {NAME "_SUBJECT", cert_text<SIDE, &TlsInfo::WHOSE, &CertificateInfo::subject>},                   \
      {NAME "_ISSUER", cert_text<SIDE, &TlsInfo::WHOSE, &CertificateInfo::issuer>},                 \
      {NAME "_SERIAL", cert_text<SIDE, &TlsInfo::WHOSE, &CertificateInfo::serial>},                 \
      {NAME "_URI_SAN", cert_list<SIDE, &TlsInfo::WHOSE, &CertificateInfo::uri_sans>},              \
      {NAME "_DNS_SAN", cert_list<SIDE, &TlsInfo::WHOSE, &CertificateInfo::dns_sans>},              \
      {NAME "_IP_SAN", cert_list<SIDE, &TlsInfo::WHOSE, &CertificateInfo::ip_sans>},                \
      {NAME "_EMAIL_SAN", cert_list<SIDE, &TlsInfo::WHOSE, &CertificateInfo::email_sans>},          \
      {NAME "_OTHERNAME_SAN", cert_list<SIDE, &TlsInfo::WHOSE, &CertificateInfo::other_name_sans>}, \
      {NAME "_FINGERPRINT_256", cert_text<SIDE, &TlsInfo::WHOSE, &CertificateInfo::sha256>}, {      \
    NAME "_FINGERPRINT_1", cert_text<SIDE, &TlsInfo::WHOSE, &CertificateInfo::sha1>                 \
  }
#define PROA_TLS(NAME, SIDE)                                                                                        \
  {NAME "_TLS_VERSION", tls_text<SIDE, &TlsInfo::version>}, {NAME "_TLS_CIPHER", tls_text<SIDE, &TlsInfo::cipher>}, \
      {NAME "_TLS_SESSION_ID", tls_text<SIDE, &TlsInfo::session_id>}, {NAME "_PEER_CERT", cert_pem<SIDE>},          \
      {NAME "_PEER_CERT_V_START", cert_time<SIDE, &CertificateInfo::valid_from>, compile_time}, {                   \
    NAME "_PEER_CERT_V_END", cert_time<SIDE, &CertificateInfo::valid_until>, compile_time                           \
  }

constexpr FormatOperator kOperators[] = {
    {"UPSTREAM_HOST", whole<upstream_remote>},
    {"UPSTREAM_HOST_NAME", host_name},
    {"UPSTREAM_HOST_NAME_WITHOUT_PORT", host_name_without_port},
    PROA_ADDRESS("UPSTREAM_REMOTE", upstream_remote),
    PROA_ADDRESS("UPSTREAM_LOCAL", upstream_local),
    PROA_ADDRESS("DOWNSTREAM_REMOTE", downstream_remote),
    PROA_ADDRESS("DOWNSTREAM_DIRECT_REMOTE", downstream_direct),
    PROA_ADDRESS("DOWNSTREAM_LOCAL", downstream_local),
    {"CONNECTION_ID", connection_id},
    {"UPSTREAM_CONNECTION_ID", upstream_connection_id},
    {"REQUESTED_SERVER_NAME", server_name},
    {"TLS_JA3_FINGERPRINT", ja3},
    {"UPSTREAM_TRANSPORT_FAILURE_REASON", transport_failure},
    {"DOWNSTREAM_TRANSPORT_FAILURE_REASON", downstream_transport_failure},
    PROA_CERTIFICATE("DOWNSTREAM_PEER", downstream_tls, peer),
    PROA_CERTIFICATE("DOWNSTREAM_LOCAL", downstream_tls, local),
    PROA_CERTIFICATE("UPSTREAM_PEER", upstream_tls, peer),
    PROA_CERTIFICATE("UPSTREAM_LOCAL", upstream_tls, local),
    PROA_TLS("DOWNSTREAM", downstream_tls),
    PROA_TLS("UPSTREAM", upstream_tls),
};
#undef PROA_ADDRESS
#undef PROA_CERTIFICATE
#undef PROA_TLS

}  // namespace

std::span<const FormatOperator> connection_operators() { return kOperators; }

}  // namespace proa::observe
