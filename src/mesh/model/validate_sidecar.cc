#include <fmt/format.h>

#include <charconv>
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
using SidecarSpec = ::istio::networking::v1alpha3::Sidecar;

void check_sidecar_port(const SidecarPort& port, const Site& at) {
  if (!port.name().empty()) check_name(not_a_dns_label(port.name()), at / "name");
  check_protocol(port.protocol(), at / "protocol");
  if (port.target_port() != 0) (at / "targetPort").error("has no effect in a Sidecar", "remove it");
}

/// "127.0.0.1:8080", "0.0.0.0:8080", "[::1]:8080", "[::]:8080" or "unix:///path".
void check_default_endpoint(const std::string& endpoint, const Site& at) {
  if (endpoint.starts_with("unix://")) return check_unix_path(std::string_view(endpoint).substr(7), at);
  const std::size_t colon = endpoint.rfind(':');
  static const std::set<std::string, std::less<>> kHosts = {"", "127.0.0.1", "0.0.0.0", "[::1]", "[::]"};
  std::uint32_t port = 0;
  bool good = colon != std::string::npos && kHosts.contains(endpoint.substr(0, colon));
  if (good) {
    const char* end = endpoint.data() + endpoint.size();
    const auto parsed = std::from_chars(endpoint.data() + colon + 1, end, port);
    good = parsed.ec == std::errc() && parsed.ptr == end && port >= 1 && port <= 65535;
  }
  if (!good) {
    at.error(fmt::format("is {}, which is no place of its own", shown(endpoint)),
             "write 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix:///PATH");
  }
}

void check_ingress(const IstioIngressListener& listener, std::set<std::uint32_t>& ports, const Site& at) {
  const Site port = at / "port";
  if (!listener.has_port()) return port.error("is missing");
  check_sidecar_port(listener.port(), port);
  check_port(listener.port().number(), port / "number");
  if (!ports.insert(listener.port().number()).second) {
    (port / "number").error(fmt::format("{} is there twice", listener.port().number()));
  }
  if (!listener.bind().empty()) check_ip(listener.bind(), at / "bind");
  if (!listener.default_endpoint().empty()) check_default_endpoint(listener.default_endpoint(), at / "defaultEndpoint");
  if (listener.has_connection_pool()) check_connection_pool(listener.connection_pool(), at / "connectionPool");
  if (!listener.has_tls()) return;
  const Site tls = at / "tls";
  const auto refuse = [&](bool there, std::string_view field) {
    if (there) (tls / field).error("is not for a Sidecar", "remove it");
  };
  refuse(!listener.tls().subject_alt_names().empty(), "subjectAltNames");
  refuse(listener.tls().https_redirect(), "httpsRedirect");
  refuse(!listener.tls().credential_name().empty(), "credentialName");
  refuse(!listener.tls().credential_names().empty(), "credentialNames");
  refuse(!listener.tls().tls_certificates().empty(), "tlsCertificates");
  if (listener.tls().mode() == ServerTLSSettings::ISTIO_MUTUAL ||
      listener.tls().mode() == ServerTLSSettings::AUTO_PASSTHROUGH) {
    (tls / "mode").error("is not for a Sidecar", "write SIMPLE or MUTUAL");
  }
  if (!is_tls(protocol_named(listener.port().protocol()))) {
    tls.error(fmt::format("is set, but the protocol is {}", shown(listener.port().protocol())), "write HTTPS or TLS");
  }
  check_server_tls(listener.tls(), tls);
}

void check_egress_port(const IstioEgressListener& listener, std::set<std::string>& binds, const Site& at) {
  check_sidecar_port(listener.port(), at / "port");
  const Site bind = at / "bind";
  std::string place = fmt::format("port {}", listener.port().number());
  if (listener.port().number() == 0) {
    place = listener.bind();
    if (!listener.bind().starts_with("unix://")) {
      return bind.error("is no Unix socket, but port.number is 0", "set a port, or unix:///PATH");
    }
    check_unix_path(std::string_view(listener.bind()).substr(7), bind);
    if (listener.capture_mode() == IPTABLES) {
      (at / "captureMode").error("is IPTABLES, but a Unix socket cannot be captured", "write NONE");
    }
  } else {
    check_port(listener.port().number(), at / "port.number");
    if (!listener.bind().empty()) check_ip(listener.bind(), bind);
  }
  if (!binds.insert(place).second) (at / "port").error(fmt::format("{} is there twice", place));
}

}  // namespace

void validate(const SidecarSpec& spec, const Site& at) {
  if (spec.egress().empty() && spec.ingress().empty() && !spec.has_outbound_traffic_policy() &&
      !spec.has_inbound_connection_pool()) {
    at.error("is empty", "set egress, ingress, outboundTrafficPolicy or inboundConnectionPool");
  }
  if (spec.has_workload_selector()) check_selector(spec.workload_selector().labels(), at / "workloadSelector");
  const Site ingress = at / "ingress";
  std::set<std::uint32_t> ports;
  check_each(spec.ingress(), ingress,
             [&](const IstioIngressListener& listener, const Site& place) { check_ingress(listener, ports, place); });
  if (spec.has_inbound_connection_pool()) {
    check_connection_pool(spec.inbound_connection_pool(), at / "inboundConnectionPool");
  }
  const Site egress = at / "egress";
  std::set<std::string> binds;
  check_each(spec.egress(), egress, [&](const IstioEgressListener& listener, const Site& place) {
    if (listener.has_port()) {
      check_egress_port(listener, binds, place);
    } else if (&listener != &spec.egress(spec.egress_size() - 1)) {
      place.error("has no port but is not the last", "the listener for all ports comes last");
    }
    const Site hosts = place / "hosts";
    if (listener.hosts().empty()) hosts.error("is missing", "write \"*/*\" for all");
    check_each(listener.hosts(), hosts,
               [](const std::string& host, const Site& one) { check_namespaced_host(host, false, one); });
  });
  if (spec.outbound_traffic_policy().has_egress_proxy()) {
    const Site proxy = at / "outboundTrafficPolicy.egressProxy";
    if (spec.outbound_traffic_policy().mode() != OutboundTrafficPolicy::ALLOW_ANY) {
      proxy.error("is set, but mode is not ALLOW_ANY");
    }
    check_destination(spec.outbound_traffic_policy().egress_proxy(), proxy);
    if (!spec.outbound_traffic_policy().egress_proxy().has_port()) (proxy / "port").error("is missing");
  }
}

}  // namespace proa::mesh
