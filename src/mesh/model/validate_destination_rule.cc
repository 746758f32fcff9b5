#include <fmt/format.h>

#include <cmath>
#include <set>

#include "base/prime.h"
#include "mesh/model/checks.h"
#include "mesh/model/validate.h"
#include "mesh/source/names.h"
#include "net/address.h"

namespace proa::mesh {

namespace {

using config::shown;
using config::Site;
using namespace istio::networking::v1alpha3;
using DestinationRuleSpec = ::istio::networking::v1alpha3::DestinationRule;

void check_outlier(const OutlierDetection& outlier, const Site& at) {
  if (outlier.has_base_ejection_time()) check_duration(outlier.base_ejection_time(), at / "baseEjectionTime");
  if (outlier.has_interval()) check_duration(outlier.interval(), at / "interval");
  if (outlier.consecutive_errors() != 0) {
    (at / "consecutiveErrors").warning("is deprecated", "use consecutive5xxErrors or consecutiveGatewayErrors");
  }
  if (!outlier.split_external_local_origin_errors() && outlier.consecutive_local_origin_failures().value() > 0) {
    (at / "consecutiveLocalOriginFailures")
        .error("has no effect while splitExternalLocalOriginErrors is false", "set that to true");
  }
  check_percent(outlier.max_ejection_percent(), at / "maxEjectionPercent");
  check_percent(outlier.min_health_percent(), at / "minHealthPercent");
}

void check_consistent_hash(const LoadBalancerSettings::ConsistentHashLB& hash, const Site& at) {
  if (hash.has_http_cookie()) {
    const Site cookie = at / "httpCookie";
    if (hash.http_cookie().name().empty()) (cookie / "name").error("is missing");
    std::set<std::string> names;
    const Site attributes = cookie / "attributes";
    check_each(hash.http_cookie().attributes(), attributes, [&](const auto& attribute, const Site& place) {
      if (attribute.name().empty()) return (place / "name").error("is missing");
      if (!names.insert(attribute.name()).second) {
        (place / "name").error(fmt::format("{} is there twice", shown(attribute.name())));
      }
    });
  }
  if (hash.minimum_ring_size() != 0) {
    (at / "minimumRingSize").warning("is deprecated", "use ringHash.minimumRingSize");
    if (hash.has_ring_hash() || hash.has_maglev()) {
      (at / "minimumRingSize").error("is set beside ringHash or maglev", "remove it");
    }
  }
  if (!hash.has_maglev()) return;
  const std::uint64_t size = hash.maglev().table_size();
  if (size == 0 || size >= 5'000'011 || !is_prime(size)) {
    (at / "maglev.tableSize")
        .error(fmt::format("is {}, but must be a prime number below 5000011", size), "write 65537");
  }
}

void check_load_balancer(const LoadBalancerSettings& balancer, bool outlier_detection, const Site& at) {
  if (balancer.has_consistent_hash()) check_consistent_hash(balancer.consistent_hash(), at / "consistentHash");
  if (balancer.has_locality_lb_setting()) {
    check_locality(balancer.locality_lb_setting(), outlier_detection, at / "localityLbSetting");
  }
  if (!balancer.has_warmup()) return;
  const Site warmup = at / "warmup";
  if (!balancer.warmup().has_duration()) {
    (warmup / "duration").error("is missing");
  } else {
    check_duration(balancer.warmup().duration(), warmup / "duration");
  }
  check_percent(balancer.warmup().minimum_percent().value(), warmup / "minimumPercent");
  if (balancer.warmup().has_aggression() && balancer.warmup().aggression().value() <= 0) {
    (warmup / "aggression").error(fmt::format("is {}, but must be above 0", balancer.warmup().aggression().value()));
  }
}

void check_client_tls(const ClientTLSSettings& tls, const Site& at) {
  const bool simple = tls.mode() == ClientTLSSettings::SIMPLE;
  const bool mutual = tls.mode() == ClientTLSSettings::MUTUAL;
  if (tls.insecure_skip_verify().value() && (simple || mutual)) {
    const auto refuse = [&](bool there, std::string_view field) {
      if (there) (at / field).error("is set, but insecureSkipVerify says to verify nothing", "remove one of them");
    };
    refuse(!tls.ca_certificates().empty(), "caCertificates");
    refuse(simple && !tls.credential_name().empty(), "credentialName");
    refuse(!tls.subject_alt_names().empty(), "subjectAltNames");
  }
  if ((simple || mutual) && !tls.credential_name().empty()) {
    const auto refuse = [&](const std::string& value, std::string_view field) {
      if (!value.empty()) (at / field).error("is set beside credentialName", "remove one of them");
    };
    refuse(tls.client_certificate(), "clientCertificate");
    refuse(tls.private_key(), "privateKey");
    refuse(tls.ca_certificates(), "caCertificates");
    refuse(tls.ca_crl(), "caCrl");
    return;
  }
  if (!mutual) return;
  if (tls.client_certificate().empty()) (at / "clientCertificate").error("is missing, as mode is MUTUAL");
  if (tls.private_key().empty()) (at / "privateKey").error("is missing, as mode is MUTUAL");
}

/// What a policy and that of one port have in common.
template <class Policy>
void check_common(const Policy& policy, const Site& at) {
  if (policy.has_outlier_detection()) check_outlier(policy.outlier_detection(), at / "outlierDetection");
  if (policy.has_connection_pool()) check_connection_pool(policy.connection_pool(), at / "connectionPool");
  if (policy.has_load_balancer()) {
    check_load_balancer(policy.load_balancer(), policy.has_outlier_detection(), at / "loadBalancer");
  }
  if (policy.has_tls()) check_client_tls(policy.tls(), at / "tls");
}

void check_tunnel(const TrafficPolicy::TunnelSettings& tunnel, const Site& at) {
  if (!tunnel.protocol().empty() && tunnel.protocol() != "CONNECT" && tunnel.protocol() != "POST") {
    (at / "protocol").error(fmt::format("is {}, but must be CONNECT or POST", shown(tunnel.protocol())));
  }
  if (!net::Address::parse_ip(tunnel.target_host(), 0)) {
    check_name(not_a_fqdn(tunnel.target_host()), at / "targetHost");
  }
  check_port(tunnel.target_port(), at / "targetPort");
}

void check_policy(const TrafficPolicy& policy, const Site& at) {
  if (!policy.has_outlier_detection() && !policy.has_connection_pool() && !policy.has_load_balancer() &&
      !policy.has_tls() && policy.port_level_settings().empty() && !policy.has_tunnel() &&
      !policy.has_proxy_protocol() && !policy.has_retry_budget()) {
    return at.error("is empty", "remove it, or say what it is to do");
  }
  if (policy.has_tunnel() && policy.has_proxy_protocol()) (at / "proxyProtocol").error("is set beside tunnel");
  check_common(policy, at);
  if (policy.has_tunnel()) check_tunnel(policy.tunnel(), at / "tunnel");
  const Site ports = at / "portLevelSettings";
  check_each(policy.port_level_settings(), ports, [](const auto& port, const Site& place) {
    if (!port.has_port()) {
      (place / "port").error("is missing");
    } else {
      check_port(port.port().number(), place / "port.number");
    }
    if (!port.has_outlier_detection() && !port.has_connection_pool() && !port.has_load_balancer() && !port.has_tls()) {
      place.error("sets nothing for the port", "remove it");
    }
    check_common(port, place);
  });
}

void check_locality_name(const std::string& name, const Site& at) {
  const std::size_t star = name.find('*');
  if (name.empty() || (star != std::string::npos && (star + 1 != name.size() || (star > 0 && name[star - 1] != '/')))) {
    at.error(fmt::format("is {}, which is no locality", shown(name)), "write region/zone/subzone or region/*");
  }
}

}  // namespace

void check_connection_pool(const ConnectionPoolSettings& pool, const Site& at) {
  if (!pool.has_http() && !pool.has_tcp()) at.error("is empty", "set tcp or http, or remove it");
  const auto& http = pool.http();
  const Site h = at / "http";
  check_not_negative(http.http1_max_pending_requests(), h / "http1MaxPendingRequests");
  check_not_negative(http.http2_max_requests(), h / "http2MaxRequests");
  check_not_negative(http.max_requests_per_connection(), h / "maxRequestsPerConnection");
  check_not_negative(http.max_retries(), h / "maxRetries");
  check_not_negative(http.max_concurrent_streams(), h / "maxConcurrentStreams");
  if (http.has_idle_timeout()) check_duration(http.idle_timeout(), h / "idleTimeout");
  if (http.h2_upgrade_policy() == ConnectionPoolSettings::HTTPSettings::UPGRADE && http.use_client_protocol()) {
    (h / "useClientProtocol").error("is true, but h2UpgradePolicy is UPGRADE", "keep one of them");
  }
  const auto& tcp = pool.tcp();
  const Site t = at / "tcp";
  check_not_negative(tcp.max_connections(), t / "maxConnections");
  if (tcp.has_connect_timeout()) check_duration(tcp.connect_timeout(), t / "connectTimeout");
  if (tcp.has_max_connection_duration()) check_duration(tcp.max_connection_duration(), t / "maxConnectionDuration");
  if (tcp.has_idle_timeout() && (tcp.idle_timeout().seconds() != 0 || tcp.idle_timeout().nanos() != 0)) {
    check_duration(tcp.idle_timeout(), t / "idleTimeout");
  }
  if (tcp.tcp_keepalive().has_time()) check_duration(tcp.tcp_keepalive().time(), t / "tcpKeepalive.time");
  if (tcp.tcp_keepalive().has_interval()) check_duration(tcp.tcp_keepalive().interval(), t / "tcpKeepalive.interval");
}

void check_locality(const LocalityLoadBalancerSetting& setting, bool outlier_detection, const Site& at) {
  if (!setting.distribute().empty() && !setting.failover().empty()) {
    return (at / "failover").error("is set beside distribute", "keep one of them");
  }
  const Site distribute = at / "distribute";
  check_each(setting.distribute(), distribute, [](const auto& from, const Site& place) {
    check_locality_name(from.from(), place / "from");
    std::uint64_t total = 0;
    const Site to = place / "to";
    for (const auto& [locality, weight] : from.to()) {
      const Site one = to.entry(locality);
      check_locality_name(locality, one);
      if (weight < 1 || weight > 100) one.error(fmt::format("is {}, but must be from 1 to 100", weight));
      total += weight;
    }
    if (total != 100) to.error(fmt::format("adds up to {}, but must to 100", total));
  });
  const Site failover = at / "failover";
  check_each(setting.failover(), failover, [](const auto& one, const Site& place) {
    if (one.from() == one.to()) place.error(fmt::format("fails over from {} to itself", shown(one.from())));
    for (const std::string* region : {&one.from(), &one.to()}) {
      if (region->find_first_of("/*") != std::string::npos) {
        place.error(fmt::format("has {}, but failover is from region to region", shown(*region)));
      }
    }
  });
  if ((!setting.failover().empty() || !setting.failover_priority().empty()) && !outlier_detection) {
    at.warning("has no effect without outlierDetection", "set outlierDetection beside loadBalancer");
  }
}

void validate(const DestinationRuleSpec& spec, const Site& at) {
  const Site host = at / "host";
  if (spec.host().empty()) {
    host.error("is missing");
  } else {
    check_name(not_a_wildcard_domain(spec.host()), host);
  }
  if (spec.has_traffic_policy()) check_policy(spec.traffic_policy(), at / "trafficPolicy");
  std::set<std::string> names;
  const Site subsets = at / "subsets";
  check_each(spec.subsets(), subsets, [&](const Subset& subset, const Site& place) {
    if (subset.name().empty()) {
      (place / "name").error("is missing");
    } else {
      check_name(not_a_dns_label(subset.name()), place / "name");
      if (!names.insert(subset.name()).second)
        (place / "name").error(fmt::format("{} is there twice", shown(subset.name())));
    }
    check_labels(subset.labels(), place / "labels");
    if (subset.has_traffic_policy()) check_policy(subset.traffic_policy(), place / "trafficPolicy");
  });
  check_export_to(spec.export_to(), at / "exportTo");
  if (spec.has_workload_selector()) {
    check_selector(spec.workload_selector().match_labels(), at / "workloadSelector");
    if (spec.export_to_size() > 1 || (spec.export_to_size() == 1 && spec.export_to(0) != ".")) {
      (at / "exportTo").error("reaches beyond the namespace, but workloadSelector selects within it", "write \".\"");
    }
  }
}

}  // namespace proa::mesh
