#include <fmt/format.h>

#include <set>

#include "mesh/model/checks.h"
#include "mesh/model/service.h"
#include "mesh/model/validate.h"
#include "mesh/source/names.h"

namespace proa::mesh {

namespace {

using config::shown;
using config::Site;
using namespace istio::networking::v1alpha3;
using GatewaySpec = ::istio::networking::v1alpha3::Gateway;

void check_server_port(const Server& server, const Site& at) {
  const Site port = at / "port";
  if (!server.has_port()) return port.error("is missing");
  const bool unix_socket = server.bind().starts_with("unix://");
  if (server.port().protocol().empty()) {
    (port / "protocol").error("is missing");
  } else {
    check_protocol(server.port().protocol(), port / "protocol");
  }
  if (unix_socket) {
    check_unix_path(std::string_view(server.bind()).substr(7), at / "bind");
    if (server.port().number() != 0) (port / "number").error("is set, but a Unix socket has no port", "write 0");
  } else {
    check_port(server.port().number(), port / "number");
    if (!server.bind().empty()) check_ip(server.bind(), at / "bind");
  }
  if (server.port().target_port() != 0) (port / "targetPort").error("has no effect in a Gateway", "remove it");
  if (server.port().name().empty()) (port / "name").error("is missing");
}

/// Only a redirect may stand in `tls` of a server that takes clear text.
bool redirects_only(const ServerTLSSettings& tls) {
  return tls.mode() == ServerTLSSettings::PASSTHROUGH && tls.ca_certificates().empty() && tls.private_key().empty() &&
         tls.server_certificate().empty();
}

void check_server(const Server& server, const Site& at) {
  const Site hosts = at / "hosts";
  if (server.hosts().empty()) hosts.error("is missing", "write \"*\" for all");
  check_each(server.hosts(), hosts,
             [](const std::string& host, const Site& place) { check_namespaced_host(host, true, place); });
  check_server_port(server, at);
  const Protocol protocol = protocol_named(server.port().protocol());
  const Site tls = at / "tls";
  if (server.has_tls()) check_server_tls(server.tls(), tls);
  if (is_tls(protocol) && !server.has_tls()) {
    tls.error(fmt::format("is missing, as the protocol is {}", server.port().protocol()));
  } else if (!is_tls(protocol) && server.has_tls() && protocol != Protocol::automatic &&
             !(is_http(protocol) && redirects_only(server.tls()))) {
    tls.error(fmt::format("is set, but the protocol is {}", server.port().protocol()),
              is_http(protocol) ? "only tls.httpsRedirect goes with it; for TLS write HTTPS" : "for TLS write TLS");
  }
  if (server.tls().https_redirect() && !is_http(protocol)) {
    (tls / "httpsRedirect").warning("has an effect with the protocol HTTP only");
  }
}

}  // namespace

void check_server_tls(const ServerTLSSettings& tls, const Site& at) {
  const auto refuse = [&](bool there, std::string_view field, std::string_view why) {
    if (there) (at / field).error(fmt::format("is set, but {}", why), "remove it");
  };
  const auto certificates = [&](std::string_view why) {
    refuse(!tls.server_certificate().empty(), "serverCertificate", why);
    refuse(!tls.private_key().empty(), "privateKey", why);
    refuse(!tls.ca_certificates().empty(), "caCertificates", why);
    refuse(!tls.tls_certificates().empty(), "tlsCertificates", why);
    refuse(!tls.credential_name().empty(), "credentialName", why);
    refuse(!tls.credential_names().empty(), "credentialNames", why);
  };
  if (tls.mode() == ServerTLSSettings::ISTIO_MUTUAL) return certificates("ISTIO_MUTUAL has certificates of its own");
  const int sources = (!tls.server_certificate().empty() && !tls.private_key().empty() ? 1 : 0) +
                      (tls.credential_name().empty() ? 0 : 1) + (tls.credential_names().empty() ? 0 : 1) +
                      (tls.tls_certificates().empty() ? 0 : 1);
  if (sources > 1) {
    at.error("says more than once where the certificate is",
             "keep one of credentialName, credentialNames, serverCertificate with privateKey, tlsCertificates");
  }
  const bool mutual = tls.mode() == ServerTLSSettings::MUTUAL || tls.mode() == ServerTLSSettings::OPTIONAL_MUTUAL;
  if (tls.mode() != ServerTLSSettings::SIMPLE && !mutual) return;
  if (!tls.ca_crl().empty() && (!mutual || !tls.credential_name().empty())) {
    (at / "caCrl").error("has no effect here", "it goes with MUTUAL and certificates of files");
  }
  if (!tls.credential_name().empty() || !tls.credential_names().empty()) return;
  const std::string& mode = ServerTLSSettings::TLSmode_Name(tls.mode());
  const auto need = [&](const std::string& value, const Site& place) {
    if (value.empty()) place.error(fmt::format("is missing, as mode is {}", mode), "set it, or credentialName");
  };
  if (mutual) need(tls.ca_certificates(), at / "caCertificates");
  const Site pairs = at / "tlsCertificates";
  check_each(tls.tls_certificates(), pairs, [&](const auto& pair, const Site& place) {
    need(pair.server_certificate(), place / "serverCertificate");
    need(pair.private_key(), place / "privateKey");
  });
  if (!tls.tls_certificates().empty()) return;
  need(tls.server_certificate(), at / "serverCertificate");
  need(tls.private_key(), at / "privateKey");
}

void validate(const GatewaySpec& spec, const Site& at) {
  const Site servers = at / "servers";
  if (spec.servers().empty()) servers.error("is missing");
  std::set<std::string> names;
  check_each(spec.servers(), servers, [&](const Server& server, const Site& place) {
    check_server(server, place);
    if (server.has_port() && !server.port().name().empty() && !names.insert(server.port().name()).second) {
      (place / "port.name")
          .error(fmt::format("{} is there twice", shown(server.port().name())),
                 "ports of one Gateway have names of their own");
    }
  });
}

}  // namespace proa::mesh
