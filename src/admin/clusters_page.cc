// Clusters and their hosts, with health, counters and circuit breakers.
#include <fmt/format.h>

#include <array>

#include "admin/json_response.h"
#include "admin/pages.h"
#include "upstream/lb/host.h"

namespace proa::admin {
namespace {

using upstream::Cluster;
using upstream::HealthFlag;
using upstream::Host;

struct HostStat {
  std::string_view name;
  bool gauge;
  uint64_t value;
};

/// In the order of their names.
std::array<HostStat, 8> stats_of(const Host& host) {
  const Host::Hot& hot = host.hot;
  return {{{"cx_active", true, hot.active_connections.load(std::memory_order_relaxed)},
           {"cx_connect_fail", false, hot.cx_connect_fail.load(std::memory_order_relaxed)},
           {"cx_total", false, hot.cx_total.load(std::memory_order_relaxed)},
           {"rq_active", true, hot.active_requests.load(std::memory_order_relaxed)},
           {"rq_error", false, hot.rq_error.load(std::memory_order_relaxed)},
           {"rq_success", false, hot.rq_success.load(std::memory_order_relaxed)},
           {"rq_timeout", false, hot.rq_timeout.load(std::memory_order_relaxed)},
           {"rq_total", false, hot.rq_total.load(std::memory_order_relaxed)}}};
}

// ---- text: name::host::stat::value ----

void write_breakers(const std::string& cluster, std::string_view priority, const upstream::BreakerThresholds& limits,
                    std::string& out) {
  auto line = [&](std::string_view name, uint32_t value) {
    fmt::format_to(std::back_inserter(out), "{}::{}_priority::{}::{}\n", cluster, priority, name, value);
  };
  line("max_connections", limits.max_connections);
  line("max_pending_requests", limits.max_pending_requests);
  line("max_requests", limits.max_requests);
  line("max_retries", limits.max_retries);
}

void write_host(const std::string& cluster, const Host& host, std::string& out) {
  auto line = [&](std::string_view name, const auto& value) {
    fmt::format_to(std::back_inserter(out), "{}::{}::{}::{}\n", cluster, host.address_text(), name, value);
  };
  for (const HostStat& stat : stats_of(host)) line(stat.name, stat.value);
  line("hostname", host.hostname());
  line("health_flags", upstream::health_flags_text(host.flags()));
  line("weight", host.weight());
  line("region", host.locality().region);
  line("zone", host.locality().zone);
  line("sub_zone", host.locality().sub_zone);
  line("canary", host.canary());
  line("priority", host.priority());
}

void write_cluster(const Cluster& cluster, std::string& out) {
  const std::string& name = cluster.name();
  fmt::format_to(std::back_inserter(out), "{}::observability_name::{}\n", name, cluster.stat_name());
  write_breakers(name, "default", cluster.breaker_spec().of_default, out);
  write_breakers(name, "high", cluster.breaker_spec().of_high, out);
  fmt::format_to(std::back_inserter(out), "{}::added_via_api::{}\n", name, cluster.spec().added_via_api);
  for (const auto& member : cluster.members()) write_host(name, *member.host, out);
}

// ---- envoy.admin.v3.Clusters ----

Json health_json(const Host& host) {
  Json json = Json::object();
  auto flag = [&](HealthFlag which, const char* name) {
    if (host.has(which)) json[name] = true;
  };
  flag(HealthFlag::kFailedActive, "failed_active_health_check");
  flag(HealthFlag::kFailedOutlier, "failed_outlier_check");
  flag(HealthFlag::kDegradedActive, "failed_active_degraded_check");
  flag(HealthFlag::kPendingRemoval, "pending_dynamic_removal");
  flag(HealthFlag::kPendingActive, "pending_active_hc");
  flag(HealthFlag::kExcluded, "excluded_via_immediate_hc_fail");
  // Envoy calls HEALTHY what discovery says nothing about.
  constexpr std::string_view kNames[] = {"HEALTHY", "HEALTHY", "UNHEALTHY", "DRAINING", "TIMEOUT", "DEGRADED"};
  json["eds_health_status"] = kNames[static_cast<size_t>(host.eds_status())];
  return json;
}

Json host_json(const Host& host) {
  Json stats = Json::array();
  for (const HostStat& stat : stats_of(host)) {
    Json entry = Json::object();
    if (stat.gauge) entry["type"] = "GAUGE";
    if (stat.value) entry["value"] = std::to_string(stat.value);
    entry["name"] = stat.name;
    stats.push_back(std::move(entry));
  }
  Json json = {{"address", address_json(host.address())},
               {"stats", std::move(stats)},
               {"health_status", health_json(host)},
               {"weight", host.weight()}};
  if (!host.hostname().empty()) json["hostname"] = host.hostname();
  if (host.priority()) json["priority"] = host.priority();
  Json locality = Json::object();
  if (!host.locality().region.empty()) locality["region"] = host.locality().region;
  if (!host.locality().zone.empty()) locality["zone"] = host.locality().zone;
  if (!host.locality().sub_zone.empty()) locality["sub_zone"] = host.locality().sub_zone;
  json["locality"] = std::move(locality);
  return json;
}

Json thresholds_json(const upstream::BreakerThresholds& limits) {
  return {{"max_connections", limits.max_connections},
          {"max_pending_requests", limits.max_pending_requests},
          {"max_requests", limits.max_requests},
          {"max_retries", limits.max_retries}};
}

Json cluster_json(const Cluster& cluster) {
  Json json = {{"name", cluster.name()}};
  if (cluster.spec().added_via_api) json["added_via_api"] = true;
  Json hosts = Json::array();
  for (const auto& member : cluster.members()) hosts.push_back(host_json(*member.host));
  if (!hosts.empty()) json["host_statuses"] = std::move(hosts);
  Json high = {{"priority", "HIGH"}};
  high.update(thresholds_json(cluster.breaker_spec().of_high));
  json["circuit_breakers"]["thresholds"] =
      Json::array({thresholds_json(cluster.breaker_spec().of_default), std::move(high)});
  json["observability_name"] = cluster.stat_name();
  return json;
}

}  // namespace

Response clusters_page(Admin& admin, const Request& request) {
  std::vector<std::shared_ptr<Cluster>> clusters;
  if (admin.started()) clusters = admin.server().clusters().list();
  if (request.query.value("format") == "json") {
    Json statuses = Json::array();
    for (const auto& cluster : clusters) statuses.push_back(cluster_json(*cluster));
    return json_response({{"cluster_statuses", std::move(statuses)}});
  }
  Response response;
  for (const auto& cluster : clusters) write_cluster(*cluster, response.body);
  return response;
}

}  // namespace proa::admin
