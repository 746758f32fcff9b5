#include "mesh/model/checks.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "config/nearest_name.h"
#include "mesh/model/service.h"
#include "mesh/source/names.h"
#include "net/address.h"

namespace proa::mesh {

using config::shown;
using config::Site;

void check_port(std::uint32_t port, const Site& at) {
  if (port < 1 || port > 65535) at.error(fmt::format("is {}, but must be a port from 1 to 65535", port));
}

void check_duration(const google::protobuf::Duration& duration, const Site& at) {
  if (duration.seconds() < 0 || duration.nanos() < 0 || (duration.seconds() == 0 && duration.nanos() < 1'000'000)) {
    at.error("is shorter than a millisecond", "write at least \"1ms\"");
  } else if (duration.nanos() % 1'000'000 != 0) {
    at.error("is finer than a millisecond", "write whole milliseconds");
  }
}

void check_percent(double percent, const Site& at) {
  if (percent < 0 || percent > 100) at.error(fmt::format("is {}, but must be from 0 to 100", percent));
}

void check_not_negative(std::int64_t value, const Site& at) {
  if (value < 0) at.error(fmt::format("is {}, but cannot be negative", value));
}

void check_http_status(std::int64_t status, const Site& at) {
  if (status < 200 || status > 599) at.error(fmt::format("is {}, but must be a status from 200 to 599", status));
}

void check_regex(const std::string& regex, const Site& at) {
  if (regex.empty()) return at.error("is an empty regular expression");
  if (regex.size() > 1024) return at.error("is longer than 1024 bytes");
  const re2::RE2 compiled(regex, re2::RE2::Quiet);
  if (!compiled.ok()) {
    at.error(fmt::format("is {}, which is no regular expression: {}", shown(regex), compiled.error()),
             "the syntax is RE2's: no look-around, no back-references");
  }
}

void check_name(const std::string& what, const Site& at) {
  if (!what.empty()) at.error(what);
}

void check_ip(const std::string& address, const Site& at) {
  if (!net::Address::parse_ip(address, 0)) at.error(fmt::format("is {}, which is no IP address", shown(address)));
}

void check_ip_or_range(const std::string& address, const Site& at) {
  if (address.find('/') == std::string::npos) return check_ip(address, at);
  if (!net::CidrRange::parse(address)) {
    at.error(fmt::format("is {}, which is no range of IP addresses", shown(address)), "write it as \"10.0.0.0/8\"");
  }
}

void check_unix_path(std::string_view path, const Site& at) {
  if (path.starts_with('@') && path.size() > 1) return;
  if (!path.starts_with('/') || path.ends_with('/')) {
    at.error(fmt::format("is {}, which is no absolute path of a file", shown(path)));
  }
}

void check_protocol(const std::string& protocol, const Site& at) {
  if (protocol.empty() || protocol_named(protocol) != Protocol::automatic) return;
  static const std::vector<std::string> kKnown = {"HTTP", "HTTP2", "HTTPS", "GRPC",  "GRPC-Web",  "TLS",
                                                  "TCP",  "UDP",   "MONGO", "MYSQL", "HTTP_PROXY"};
  std::string fix = config::did_you_mean(config::nearest_names(protocol, kKnown));
  if (fix.empty()) fix = "write " + config::one_of(kKnown);
  at.error(fmt::format("is {}, which is no protocol", shown(protocol)), fix);
}

void check_labels(const TextMap& labels, const Site& at) {
  for (const auto& [key, value] : labels) {
    const Site place = at.entry(key);
    check_name(not_a_label_key(key), place);
    check_name(not_a_label_value(value), place);
  }
}

void check_no_empty(const Texts& values, const Site& at) {
  check_each(values, at, [](const std::string& value, const Site& place) {
    if (value.empty()) place.error("is empty");
  });
}

void check_export_to(const Texts& export_to, const Site& at, bool service_entry) {
  std::set<std::string> seen;
  check_each(export_to, at, [&](const std::string& to, const Site& place) {
    if (!seen.insert(to).second) return place.error(fmt::format("{} is there twice", shown(to)));
    if (to == "*" || to == "." || (to == "~" && service_entry)) {
      if (to != "." && export_to.size() > 1) {
        place.error(fmt::format("\"{}\" stands beside others", to), "keep it alone");
      }
      return;
    }
    const std::string what = not_a_dns_label(to);
    if (!what.empty()) place.error(what, "write \"*\", \".\" or the name of a namespace");
  });
}

void check_gateway_names(const Texts& names, const Site& at) {
  check_each(names, at, [](const std::string& name, const Site& place) {
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos) return check_name(not_a_fqdn(name), place);
    check_name(not_a_dns_label(name.substr(0, slash)), place);
    check_name(not_a_dns_label(name.substr(slash + 1)), place);
  });
}

void check_namespaced_host(const std::string& host, bool of_gateway, const Site& at) {
  const std::size_t slash = host.find('/');
  if (slash == std::string::npos) {
    if (of_gateway) return check_name(not_a_wildcard_domain(host), at);
    return at.error(fmt::format("is {}, but must be namespace/host", shown(host)),
                    fmt::format("write \"./{}\" or \"*/{}\"", host, host));
  }
  std::string ns = host.substr(0, slash);
  if (!of_gateway && ns.starts_with('~')) ns.erase(0, 1);
  const bool exclusion = !of_gateway && ns.empty() && slash == 1;
  if (ns != "*" && ns != "." && !exclusion) check_name(not_a_dns_label(ns), at);
  check_name(not_a_wildcard_domain(host.substr(slash + 1)), at);
}

void check_selector(const TextMap& labels, const Site& at) {
  if (labels.empty()) at.warning("selects by no label, which is every workload");
  for (const auto& [key, value] : labels) {
    if (key.empty()) at.error("has an empty key");
    if (key.find('*') != std::string::npos || value.find('*') != std::string::npos) {
      at.error(fmt::format("has \"{}={}\", but a selector knows no wildcards", key, value));
    }
  }
}

void check_destination(const istio::networking::v1alpha3::Destination& destination, const Site& at) {
  const Site host = at / "host";
  if (destination.host().empty()) {
    host.error("is missing");
  } else if (destination.host() == "*") {
    host.error("is \"*\", which is nowhere to send to");
  } else {
    check_name(not_a_wildcard_domain(destination.host()), host);
  }
  if (!destination.subset().empty()) check_name(not_a_dns_label(destination.subset()), at / "subset");
  if (destination.has_port()) check_port(destination.port().number(), at / "port.number");
}

void check_retry(const istio::networking::v1alpha3::HTTPRetry& retry, const Site& at) {
  static const std::vector<std::string> kConditions = {"5xx",
                                                       "gateway-error",
                                                       "reset",
                                                       "reset-before-request",
                                                       "connect-failure",
                                                       "retriable-4xx",
                                                       "refused-stream",
                                                       "retriable-status-codes",
                                                       "retriable-headers",
                                                       "envoy-ratelimited",
                                                       "http3-post-connect-failure",
                                                       "cancelled",
                                                       "deadline-exceeded",
                                                       "internal",
                                                       "resource-exhausted",
                                                       "unavailable"};
  check_not_negative(retry.attempts(), at / "attempts");
  if (retry.attempts() == 0 &&
      (retry.has_per_try_timeout() || !retry.retry_on().empty() || retry.has_retry_remote_localities())) {
    (at / "attempts")
        .error("is 0, which switches retries off, but more of them is configured", "set attempts, or remove the rest");
  }
  if (retry.has_per_try_timeout()) check_duration(retry.per_try_timeout(), at / "perTryTimeout");
  if (retry.has_backoff()) check_duration(retry.backoff(), at / "backoff");
  std::string_view rest = retry.retry_on();
  const Site on = at / "retryOn";
  while (!rest.empty()) {
    const std::string one(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    const bool status = one.size() == 3 && std::ranges::all_of(one, [](char c) { return c >= '0' && c <= '9'; }) &&
                        one[0] >= '1' && one[0] <= '5';
    if (status || std::ranges::find(kConditions, one) != kConditions.end()) continue;
    on.error(fmt::format("has {}, which is no reason to retry", shown(one)),
             config::did_you_mean(config::nearest_names(one, kConditions)));
  }
}

}  // namespace proa::mesh
