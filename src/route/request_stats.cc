#include "route/request_stats.h"

namespace proa::route {
namespace {

using observe::StatKind;
using observe::Unit;

constexpr observe::StatDef kStats[] = {
#define PROA_X(id, name, kind) {name, StatKind::k##kind, Unit::kMilliseconds},
    PROA_REQUEST_STATS(PROA_X)
#undef PROA_X
};

constexpr std::string_view kStatusPrefixes[] = {"upstream_rq"};

}  // namespace

const observe::StatSchema kVirtualClusterSchema{"vhost", kStats, kStatusPrefixes, "vhost_vcluster"};
const observe::StatSchema kRouteSchema{"vhost", kStats, kStatusPrefixes, "vhost_route"};

observe::StatName virtual_cluster_stat_name(const std::string& virtual_host, const std::string& name) {
  return {virtual_host + ".vcluster." + name, {{"envoy_virtual_host", virtual_host}, {"envoy_virtual_cluster", name}}};
}

observe::StatName route_stat_name(const std::string& virtual_host, const std::string& stat_prefix) {
  return {virtual_host + ".route." + stat_prefix, {{"envoy_virtual_host", virtual_host}, {"envoy_route", stat_prefix}}};
}

}  // namespace proa::route
