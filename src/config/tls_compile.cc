#include "config/tls_compile.h"

#include <fmt/format.h>

#include "base/log.h"
#include "config/matcher_compile.h"
#include "config/supported.h"
#include "config/tls_reload.h"
#include "config/tls_secrets.h"
#include "config/tlv_selection.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol.pb.h"
#include "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"
#include "net/tls/options.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace sockets = envoy::extensions::transport_sockets;
namespace tls3 = envoy::extensions::transport_sockets::tls::v3;
using net::tls::CommonOptions;
using net::tls::SanMatcher;

namespace {

void compile_version(tls3::TlsParameters::TlsProtocol from, net::tls::Version& to, const Site& at) {
  switch (from) {
    case tls3::TlsParameters::TLS_AUTO: return;
    case tls3::TlsParameters::TLSv1_2: to = net::tls::Version::kTls12; return;
    case tls3::TlsParameters::TLSv1_3: to = net::tls::Version::kTls13; return;
    default: at.error("TLS 1.0 and 1.1 are not supported (RFC 8996)", "use TLSv1_2 or TLSv1_3");
  }
}

void compile_parameters(const tls3::TlsParameters& from, CommonOptions& to, const Site& at) {
  compile_version(from.tls_minimum_protocol_version(), to.min_version, at / "tls_minimum_protocol_version");
  compile_version(from.tls_maximum_protocol_version(), to.max_version, at / "tls_maximum_protocol_version");
  to.ciphers.assign(from.cipher_suites().begin(), from.cipher_suites().end());
  to.curves.assign(from.ecdh_curves().begin(), from.ecdh_curves().end());
  to.signature_algorithms.assign(from.signature_algorithms().begin(), from.signature_algorithms().end());
}

void compile_certificates(const tls3::CommonTlsContext& from, CommonOptions& to, const Site& at) {
  const Site list = at / "tls_certificates";
  for (int i = 0; i < from.tls_certificates_size(); ++i) {
    const tls3::TlsCertificate& certificate = from.tls_certificates(i);
    const Site item = list[static_cast<size_t>(i)];
    net::tls::CertificateOptions options;
    if (certificate.has_pkcs12()) {
      options.pkcs12 = data(certificate.pkcs12(), item / "pkcs12").value_or("");
    } else {
      options.chain_pem = data(certificate.certificate_chain(), item / "certificate_chain").value_or("");
      options.key_pem = data(certificate.private_key(), item / "private_key").value_or("");
    }
    if (certificate.has_password()) options.password = data(certificate.password(), item / "password").value_or("");
    if (certificate.has_ocsp_staple()) {
      options.ocsp_staple = data(certificate.ocsp_staple(), item / "ocsp_staple").value_or("");
    }
    options.path = certificate.certificate_chain().filename();
    to.certificates.push_back(std::move(options));
  }
}

std::optional<SanMatcher> san_matcher(SanMatcher::Type type, const envoy::type::matcher::v3::StringMatcher& from,
                                      const Site& at) {
  auto compiled = string_matcher(from, at);
  if (!compiled) return std::nullopt;
  SanMatcher to;
  to.type = type;
  to.value = compiled->pattern();
  to.ignore_case = from.ignore_case();
  switch (compiled->kind()) {
    case http::StringMatcher::Kind::kExact: to.match = SanMatcher::Match::kExact; break;
    case http::StringMatcher::Kind::kPrefix: to.match = SanMatcher::Match::kPrefix; break;
    case http::StringMatcher::Kind::kSuffix: to.match = SanMatcher::Match::kSuffix; break;
    case http::StringMatcher::Kind::kContains: to.match = SanMatcher::Match::kContains; break;
    case http::StringMatcher::Kind::kRegex:
      to.match = SanMatcher::Match::kCustom;
      to.custom = [matcher = *compiled](std::string_view name) { return matcher.matches(name); };
      break;
  }
  return to;
}

void compile_sans(const tls3::CertificateValidationContext& from, net::tls::ValidationOptions& to, const Site& at) {
  const Site typed = at / "match_typed_subject_alt_names";
  for (int i = 0; i < from.match_typed_subject_alt_names_size(); ++i) {
    const auto& name = from.match_typed_subject_alt_names(i);
    const Site item = typed[static_cast<size_t>(i)];
    SanMatcher::Type type = SanMatcher::Type::kUri;
    switch (name.san_type()) {
      case tls3::SubjectAltNameMatcher::EMAIL: type = SanMatcher::Type::kEmail; break;
      case tls3::SubjectAltNameMatcher::DNS: type = SanMatcher::Type::kDns; break;
      case tls3::SubjectAltNameMatcher::IP_ADDRESS: type = SanMatcher::Type::kIp; break;
      case tls3::SubjectAltNameMatcher::OTHER_NAME: type = SanMatcher::Type::kOtherName; break;
      default: break;
    }
    if (auto matcher = san_matcher(type, name.matcher(), item / "matcher")) {
      matcher->oid = name.oid();
      to.sans.push_back(std::move(*matcher));
    }
  }
  // The deprecated field matches any type, as istiod still uses it.
  const Site untyped = at / "match_subject_alt_names";
  for (int i = 0; i < from.match_subject_alt_names_size(); ++i) {
    for (SanMatcher::Type type :
         {SanMatcher::Type::kDns, SanMatcher::Type::kUri, SanMatcher::Type::kEmail, SanMatcher::Type::kIp}) {
      const Site item = untyped[static_cast<size_t>(i)];
      if (auto matcher = san_matcher(type, from.match_subject_alt_names(i), item))
        to.sans.push_back(std::move(*matcher));
    }
  }
}

/// False when the CA cannot be read, which has been said then: that nobody is trusted need not be said too.
bool compile_validation(const tls3::CertificateValidationContext& from, net::tls::ValidationOptions& to,
                        const Site& at) {
  bool ca_is_known = true;
  if (from.has_trusted_ca()) {
    std::optional<std::string> ca = data(from.trusted_ca(), at / "trusted_ca");
    ca_is_known = ca.has_value();
    to.ca_pem = std::move(ca).value_or("");
  }
  to.ca_path = from.trusted_ca().filename();
  to.system_roots = from.has_system_root_certs();
  if (from.has_crl()) to.crl_pem = data(from.crl(), at / "crl").value_or("");
  to.crl_leaf_only = from.only_verify_leaf_cert_crl();
  if (from.has_max_verify_depth()) to.max_depth = from.max_verify_depth().value();
  to.allow_expired = from.allow_expired_certificate();
  to.accept_untrusted = from.trust_chain_verification() == tls3::CertificateValidationContext::ACCEPT_UNTRUSTED;
  compile_sans(from, to, at);
  to.certificate_sha256.assign(from.verify_certificate_hash().begin(), from.verify_certificate_hash().end());
  to.spki_sha256.assign(from.verify_certificate_spki().begin(), from.verify_certificate_spki().end());
  if (!to.sans.empty() && !to.checks_anything() && ca_is_known) {
    at.error("names are to be matched, but nothing says whom to trust: any self-made certificate would do",
             "set trusted_ca");
  }
  return ca_is_known;
}

/// As compile_validation().
bool compile_common(const tls3::CommonTlsContext& from, CommonOptions& to, const Site& at) {
  compile_parameters(from.tls_params(), to, at / "tls_params");
  compile_certificates(from, to, at);
  to.alpn.assign(from.alpn_protocols().begin(), from.alpn_protocols().end());
  to.key_log_path = from.key_log().path();
  return !from.has_validation_context() ||
         compile_validation(from.validation_context(), to.validation, at / "validation_context");
}

std::shared_ptr<const net::tls::ServerContext> make_context(const tls3::DownstreamTlsContext& from, const Site& at) {
  net::tls::ServerTlsOptions options;
  const bool ca_is_known = compile_common(from.common_tls_context(), options, at / "common_tls_context");
  options.require_client_certificate = from.require_client_certificate().value();
  options.require_sni = from.require_sni().value();
  options.prefer_client_ciphers = from.prefer_client_ciphers();
  if (from.has_session_ticket_keys()) {
    const Site keys = at / "session_ticket_keys.keys";
    for (int i = 0; i < from.session_ticket_keys().keys_size(); ++i) {
      const Site item = keys[static_cast<size_t>(i)];
      options.session_ticket_keys.push_back(data(from.session_ticket_keys().keys(i), item).value_or(""));
    }
  }
  options.session_tickets = !from.disable_stateless_session_resumption();
  if (from.has_session_timeout()) options.session_timeout = std::chrono::seconds(from.session_timeout().seconds());
  if (options.require_client_certificate && !options.validation.checks_anything() && ca_is_known) {
    at.error("a client certificate is required, but nothing says whom to trust",
             "set common_tls_context.validation_context.trusted_ca");
  }
  if (!at.problems().ok()) return nullptr;
  auto context = net::tls::ServerContext::make(options);
  if (context) return *context;
  at.error(context.error().message);
  return nullptr;
}

std::shared_ptr<const net::tls::ClientContext> make_context(const tls3::UpstreamTlsContext& from, const Site& at) {
  net::tls::ClientTlsOptions options;
  compile_common(from.common_tls_context(), options, at / "common_tls_context");
  options.sni = from.sni();
  if (from.has_max_session_keys()) options.max_session_keys = from.max_session_keys().value();
  if (!at.problems().ok()) return nullptr;
  auto context = net::tls::ClientContext::make(options);
  if (context) return *context;
  at.error(context.error().message);
  return nullptr;
}

/// Makes the context again from a configuration that was accepted before.
template <class Proto>
auto make_again(const Proto& from) -> Result<decltype(make_context(from, std::declval<const Site&>()))> {
  const Marks marks;
  Problems problems;
  const FieldPath root;
  auto made = make_context(from, Site(marks, problems, root));
  if (made) return made;
  const Problem& why = problems.all().front();
  return fail(why.path.empty() ? why.what : fmt::format("{}: {}", why.path, why.what));
}

/// A context whose certificates or roots come by name. It is empty before they have arrived, and made anew when one of
/// them changes.
template <class Context, class Proto>
std::shared_ptr<const net::tls::Slot<Context>> compile_from_secrets(const Proto& from, const Site& at,
                                                                    Compiler& compiler) {
  auto slot = std::make_shared<net::tls::Slot<Context>>(nullptr);
  if (!compiler.dynamic) return slot;  // only validating
  const TlsSecrets secrets = TlsSecrets::find(from.common_tls_context(), at / "common_tls_context", compiler);
  if (!at.problems().ok()) return slot;
  auto remake = [weak = std::weak_ptr(slot), kept = std::make_shared<const Proto>(from),
                 weak_secrets = secrets.weak()] {
    auto alive = weak.lock();
    if (!alive) return;
    Proto resolved = *kept;
    if (!TlsSecrets::from(weak_secrets).put_into(*resolved.mutable_common_tls_context()))
      return;  // others are still to come
    auto made = make_again(resolved);
    if (made) return alive->replace(std::move(*made));
    log::get("tls").error("a TLS context keeps its old secrets: {}", made.error().message);
  };
  for (const auto& secret : secrets.all()) {
    compiler.awaited.push_back(secret);  // which also keeps it
    secret->watch(slot, remake);
  }
  remake();
  return slot;
}

/// The context, and its renewal when its files change. Null after a problem.
template <class Context, class Proto>
std::shared_ptr<const net::tls::Slot<Context>> compile_context(const Proto& from, const Site& at, Compiler& compiler) {
  if (TlsSecrets::named_in(from.common_tls_context())) return compile_from_secrets<Context>(from, at, compiler);
  std::shared_ptr<const Context> first = make_context(from, at);
  if (!first) return nullptr;
  auto slot = std::make_shared<net::tls::Slot<Context>>(std::move(first));
  const TlsFiles files = tls_files(from);
  if (!compiler.main_loop || files.empty()) return slot;
  // The message is kept, not its options: they would hold what the files said before.
  auto remake = [kept = std::make_shared<const Proto>(from)] { return make_again(*kept); };
  compiler.shared.tls_reload(*compiler.main_loop).watch<Context>(slot, at.path().str(), files, std::move(remake));
  return slot;
}

}  // namespace

Status check_secret(const tls3::Secret& secret) {
  if (secret.has_tls_certificate()) {
    tls3::DownstreamTlsContext context;
    *context.mutable_common_tls_context()->add_tls_certificates() = secret.tls_certificate();
    if (auto made = make_again(context); !made) return std::unexpected(made.error());
  } else if (secret.has_validation_context()) {
    tls3::UpstreamTlsContext context;
    *context.mutable_common_tls_context()->mutable_validation_context() = secret.validation_context();
    if (auto made = make_again(context); !made) return std::unexpected(made.error());
  } else {
    return fail("is neither a certificate nor a validation context, which are the kinds of secret that are supported");
  }
  return {};
}

std::shared_ptr<const net::tls::ServerSlot> compile_downstream_socket(const core::TransportSocket& from, const Site& at,
                                                                      Compiler& compiler) {
  const Site config = at / "typed_config";
  const std::optional<Payload> payload = open_any(from.typed_config(), config);
  if (!payload) return nullptr;
  const auto* tls = dynamic_cast<const tls3::DownstreamTlsContext*>(payload->message.get());
  return tls ? compile_context<net::tls::ServerContext>(*tls, payload->inside(config), compiler) : nullptr;
}

upstream::TransportSocketSpec compile_upstream_socket(const core::TransportSocket& from, const Site& at,
                                                      Compiler& compiler) {
  const Site config = at / "typed_config";
  upstream::TransportSocketSpec to;
  const std::optional<Payload> payload = open_any(from.typed_config(), config);
  if (!payload) return to;
  const Site inside = payload->inside(config);
  const google::protobuf::Message* message = payload->message.get();
  if (auto* tls = dynamic_cast<const tls3::UpstreamTlsContext*>(message)) {
    to.tls = compile_context<net::tls::ClientContext>(*tls, inside, compiler);
  } else if (auto* proxy = dynamic_cast<const sockets::proxy_protocol::v3::ProxyProtocolUpstreamTransport*>(message)) {
    to = compile_upstream_socket(proxy->transport_socket(), inside / "transport_socket", compiler);
    to.proxy_protocol = proxy->config().version() == core::ProxyProtocolConfig::V2 ? 2 : 1;
    if (proxy->config().has_pass_through_tlvs()) to.proxy_tlvs = tlv_selection(proxy->config().pass_through_tlvs());
  }
  return to;
}

void add_tls_fields(SupportedTable& table) {
  table.add(supported<sockets::raw_buffer::v3::RawBuffer>({}));
  table.add(supported<sockets::proxy_protocol::v3::ProxyProtocolUpstreamTransport>({"config", "transport_socket"}));
  table.add(supported<core::ProxyProtocolConfig>({"version", "pass_through_tlvs"}));
  table.add(supported<tls3::DownstreamTlsContext>({"common_tls_context", "require_client_certificate", "require_sni",
                                                   "session_ticket_keys", "disable_stateless_session_resumption",
                                                   "session_timeout", "prefer_client_ciphers"})
                .harmless({"disable_stateful_session_resumption"}, "there is no server-side session cache")
                .harmless({"ocsp_staple_policy"}, "a staple that is configured is sent")
                .harmless({"full_scan_certs_on_sni_mismatch"}, "all certificates are always looked at")
                .security({"session_ticket_keys_sds_secret_config"}));
  table.add(supported<tls3::UpstreamTlsContext>({"common_tls_context", "sni", "max_session_keys"})
                .harmless({"allow_renegotiation"}, "there is no renegotiation")
                .harmless({"enforce_rsa_key_usage"}, "OpenSSL decides")
                .security({"auto_host_sni", "auto_sni_san_validation"}));
  table.add(
      supported<tls3::CommonTlsContext>({"tls_params", "tls_certificates", "validation_context", "alpn_protocols",
                                         "key_log", "tls_certificate_sds_secret_configs",
                                         "validation_context_sds_secret_config", "combined_validation_context"})
          .security({"custom_handshaker", "tls_certificate_provider_instance", "custom_tls_certificate_selector"}));
  table.add(supported<tls3::CommonTlsContext::CombinedCertificateValidationContext>(
      {"default_validation_context", "validation_context_sds_secret_config"}));
  table.add(supported<tls3::SdsSecretConfig>({"name", "sds_config"}));
  table.add(supported<tls3::Secret>({"name", "tls_certificate", "validation_context"}));
  table.add(supported<tls3::TlsParameters>({"tls_minimum_protocol_version", "tls_maximum_protocol_version",
                                            "cipher_suites", "ecdh_curves", "signature_algorithms"})
                .security({"compliance_policies"}));
  table.add(supported<tls3::TlsCertificate>(
                {"certificate_chain", "private_key", "pkcs12", "password", "ocsp_staple", "watched_directory"})
                .security({"private_key_provider", "signed_certificate_timestamp"}));
  table.add(supported<tls3::TlsKeyLog>({"path"}).security({"local_address_range", "remote_address_range"}));
  table.add(supported<tls3::TlsSessionTicketKeys>({"keys"}));
  table.add(supported<tls3::CertificateValidationContext>(
                {"trusted_ca", "system_root_certs", "verify_certificate_spki", "verify_certificate_hash",
                 "match_typed_subject_alt_names", "match_subject_alt_names", "crl", "allow_expired_certificate",
                 "trust_chain_verification", "only_verify_leaf_cert_crl", "max_verify_depth", "watched_directory"})
                .security({"ca_certificate_provider_instance", "custom_validator_config",
                           "require_signed_certificate_timestamp"}));
  table.add(supported<tls3::CertificateValidationContext::SystemRootCerts>({}));
  table.add(supported<tls3::SubjectAltNameMatcher>({"san_type", "matcher", "oid"}));
}

}  // namespace proa::config
