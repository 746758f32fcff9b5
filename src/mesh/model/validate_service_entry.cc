#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "mesh/model/checks.h"
#include "mesh/model/service.h"
#include "mesh/model/validate.h"
#include "mesh/source/names.h"
#include "net/address.h"

namespace proa::mesh {

namespace {

using config::shown;
using config::Site;
using ServiceEntrySpec = ::istio::networking::v1alpha3::ServiceEntry;
using WorkloadEntrySpec = ::istio::networking::v1alpha3::WorkloadEntry;
using WorkloadGroupSpec = ::istio::networking::v1alpha3::WorkloadGroup;
using istio::networking::v1alpha3::ReadinessProbe;

bool is_ip(const std::string& text) { return net::Address::parse_ip(text, 0).has_value(); }

/// `service_ports` null: those of no ServiceEntry, so any name goes.
void check_workload(const WorkloadEntrySpec& entry, const std::set<std::string>* service_ports, bool names_allowed,
                    const Site& at) {
  const Site address = at / "address";
  const std::string& text = entry.address();
  const Site ports = at / "ports";
  if (text.empty()) {
    if (entry.network().empty()) address.error("is missing");
  } else if (text.starts_with("unix://")) {
    check_unix_path(std::string_view(text).substr(7), address);
    if (!entry.ports().empty()) ports.error("is set, but a Unix socket has no ports", "remove it");
    if (service_ports != nullptr && service_ports->size() != 1) {
      address.error("is a Unix socket, which serves exactly one port");
    }
  } else if (!is_ip(text)) {
    if (!names_allowed) {
      address.error(fmt::format("is {}, which is no IP address", shown(text)),
                    "for a name use the resolution DNS of the ServiceEntry");
    } else if (!not_a_fqdn(text).empty()) {
      address.error(fmt::format("is {}, which is neither an IP address nor a host name", shown(text)));
    }
  }
  for (const auto& [name, port] : entry.ports()) {
    const Site place = ports.entry(name);
    if (service_ports != nullptr && !service_ports->contains(name)) {
      place.error(fmt::format("the ServiceEntry has no port {}", shown(name)));
    }
    check_name(not_a_dns_label(name), place);
    check_port(port, place);
  }
  check_labels(entry.labels(), at / "labels");
}

std::set<std::string> check_ports(const ServiceEntrySpec& spec, const Site& at) {
  std::set<std::string> names;
  std::set<std::uint32_t> numbers;
  check_each(spec.ports(), at, [&](const auto& port, const Site& place) {
    if (port.name().empty()) {
      (place / "name").error("is missing");
    } else {
      check_name(not_a_dns_label(port.name()), place / "name");
      if (!names.insert(port.name()).second)
        (place / "name").error(fmt::format("{} is there twice", shown(port.name())));
    }
    check_port(port.number(), place / "number");
    if (!numbers.insert(port.number()).second)
      (place / "number").error(fmt::format("{} is there twice", port.number()));
    if (port.target_port() != 0) check_port(port.target_port(), place / "targetPort");
    check_protocol(port.protocol(), place / "protocol");
  });
  return names;
}

void check_hosts(const ServiceEntrySpec& spec, const Site& at) {
  if (spec.hosts().empty()) at.error("is missing");
  const bool by_name =
      spec.resolution() == ServiceEntrySpec::DNS || spec.resolution() == ServiceEntrySpec::DNS_ROUND_ROBIN;
  check_each(spec.hosts(), at, [&](const std::string& host, const Site& place) {
    if (host == "*") return place.error("is \"*\", but a ServiceEntry needs a domain", "write as \"*.example.com\"");
    check_name(not_a_wildcard_domain(host), place);
    const bool wildcard = host.starts_with("*.");
    if (spec.resolution() == ServiceEntrySpec::DYNAMIC_DNS && !wildcard) {
      place.error(fmt::format("is {}, but DYNAMIC_DNS is for wildcards", shown(host)), "use the resolution DNS");
    }
    if (by_name && wildcard && spec.endpoints().empty()) {
      place.error(fmt::format("is {}, which DNS cannot resolve", shown(host)),
                  "use the resolution NONE or DYNAMIC_DNS, or name endpoints");
    }
  });
}

void check_resolution(const ServiceEntrySpec& spec, const std::set<std::string>& ports, const Site& at) {
  const Site endpoints = at / "endpoints";
  const std::string& mode = ServiceEntrySpec::Resolution_Name(spec.resolution());
  switch (spec.resolution()) {
    case ServiceEntrySpec::NONE:
      if (!spec.endpoints().empty()) {
        endpoints.error("is set, but resolution is NONE: connections go where they went", "use STATIC or DNS");
      }
      return;
    case ServiceEntrySpec::STATIC:
    case ServiceEntrySpec::DNS:
    case ServiceEntrySpec::DNS_ROUND_ROBIN: {
      const bool names_allowed = spec.resolution() != ServiceEntrySpec::STATIC;
      check_each(spec.endpoints(), endpoints, [&](const WorkloadEntrySpec& endpoint, const Site& place) {
        check_workload(endpoint, &ports, names_allowed, place);
      });
      if (spec.resolution() == ServiceEntrySpec::DNS_ROUND_ROBIN && spec.endpoints_size() > 1) {
        endpoints.error(fmt::format("has {}, but DNS_ROUND_ROBIN takes one", spec.endpoints_size()), "use DNS");
      }
      return;
    }
    case ServiceEntrySpec::DYNAMIC_DNS: {
      if (!spec.addresses().empty()) (at / "addresses").error("is set, but resolution is DYNAMIC_DNS", "remove it");
      if (!spec.endpoints().empty()) endpoints.error("is set, but resolution is DYNAMIC_DNS", "remove it");
      const Site list = at / "ports";
      check_each(spec.ports(), list, [](const auto& port, const Site& place) {
        const Protocol protocol = protocol_named(port.protocol());
        if (protocol != Protocol::http && protocol != Protocol::http2 && protocol != Protocol::grpc &&
            protocol != Protocol::tls) {
          (place / "protocol")
              .error(fmt::format("is {}, but DYNAMIC_DNS knows HTTP, HTTP2, GRPC and TLS", shown(port.protocol())));
        }
      });
      return;
    }
    default: (at / "resolution").error(fmt::format("is {}, which is not implemented", mode));
  }
}

void check_probe(const ReadinessProbe& probe, const Site& at) {
  check_not_negative(probe.period_seconds(), at / "periodSeconds");
  check_not_negative(probe.initial_delay_seconds(), at / "initialDelaySeconds");
  check_not_negative(probe.timeout_seconds(), at / "timeoutSeconds");
  check_not_negative(probe.success_threshold(), at / "successThreshold");
  check_not_negative(probe.failure_threshold(), at / "failureThreshold");
  switch (probe.health_check_method_case()) {
    case ReadinessProbe::kHttpGet: {
      const auto& get = probe.http_get();
      check_port(get.port(), at / "httpGet.port");
      if (!get.scheme().empty() && get.scheme() != "HTTP" && get.scheme() != "HTTPS") {
        (at / "httpGet.scheme").error(fmt::format("is {}, but must be HTTP or HTTPS", shown(get.scheme())));
      }
      return;
    }
    case ReadinessProbe::kTcpSocket: return check_port(probe.tcp_socket().port(), at / "tcpSocket.port");
    case ReadinessProbe::kExec:
      if (probe.exec().command().empty()) (at / "exec.command").error("is missing");
      return;
    case ReadinessProbe::kGrpc: return check_port(probe.grpc().port(), at / "grpc.port");
    default: at.error("says no way to probe", "set httpGet, tcpSocket, grpc or exec");
  }
}

}  // namespace

void validate(const ServiceEntrySpec& spec, const Site& at) {
  check_hosts(spec, at / "hosts");
  const std::set<std::string> ports = check_ports(spec, at / "ports");
  if (spec.has_workload_selector()) {
    check_selector(spec.workload_selector().labels(), at / "workloadSelector");
    if (!spec.endpoints().empty()) (at / "endpoints").error("is set beside workloadSelector", "keep one of them");
  }
  const Site addresses = at / "addresses";
  check_each(spec.addresses(), addresses, [&](const std::string& address, const Site& place) {
    check_ip_or_range(address, place);
    if (address.find('/') != std::string::npos && spec.resolution() != ServiceEntrySpec::NONE &&
        spec.resolution() != ServiceEntrySpec::STATIC) {
      place.error(fmt::format("is the range {}, which goes with the resolutions NONE and STATIC only", shown(address)));
    }
  });
  check_resolution(spec, ports, at);
  if (spec.hosts_size() > 1 && spec.resolution() != ServiceEntrySpec::NONE) {
    const Site list = at / "ports";
    check_each(spec.ports(), list, [&](const auto& port, const Site& place) {
      const Protocol protocol = protocol_named(port.protocol());
      if (is_http(protocol) || is_tls(protocol)) return;
      (place / "protocol")
          .error(fmt::format("is {}, by which the {} hosts cannot be told apart", shown(port.protocol()),
                             spec.hosts_size()),
                 "write a ServiceEntry for each host");
    });
  }
  check_export_to(spec.export_to(), at / "exportTo", true);
}

void validate(const WorkloadEntrySpec& spec, const Site& at) { check_workload(spec, nullptr, true, at); }

void validate(const WorkloadGroupSpec& spec, const Site& at) {
  if (!spec.has_template_()) (at / "template").error("is missing");
  check_labels(spec.metadata().labels(), at / "metadata.labels");
  if (spec.has_probe()) check_probe(spec.probe(), at / "probe");
}

}  // namespace proa::mesh
