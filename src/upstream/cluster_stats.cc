#include "upstream/cluster_stats.h"

#include <array>

namespace proa::upstream {

namespace {

using observe::StatDef;
using observe::StatKind;
using observe::Unit;

#define PROA_COUNTER(id, name) StatDef{name, StatKind::kCounter, Unit::kNone},
#define PROA_GAUGE(id, name) StatDef{name, StatKind::kGauge, Unit::kNone},
#define PROA_HISTOGRAM(id, name) StatDef{name, StatKind::kHistogram, Unit::kMilliseconds},
constexpr StatDef kClusterStats[] = {PROA_CLUSTER_STATS(PROA_COUNTER, PROA_GAUGE, PROA_HISTOGRAM)};
#undef PROA_COUNTER
#undef PROA_GAUGE
#undef PROA_HISTOGRAM
static_assert(std::size(kClusterStats) == static_cast<size_t>(ClusterStat::kCount));

constexpr std::string_view kStatusPrefixes[] = {"upstream_rq", "internal.upstream_rq", "external.upstream_rq",
                                                "canary.upstream_rq", "retry.upstream_rq"};

constexpr StatDef kManagerStats[] = {
    {"cluster_added"},
    {"cluster_modified"},
    {"cluster_removed"},
    {"cluster_updated"},
    {"update_merge_cancelled"},
    {"update_out_of_merge_window"},
    {"active_clusters", StatKind::kGauge},
    {"warming_clusters", StatKind::kGauge},
};
static_assert(std::size(kManagerStats) == static_cast<size_t>(ManagerStat::kCount));

constexpr observe::StatSchema kClusterSchema{"cluster", kClusterStats, kStatusPrefixes};
constexpr observe::StatSchema kManagerSchema{"cluster_manager", kManagerStats, {}};

}  // namespace

const observe::StatSchema& cluster_schema() { return kClusterSchema; }
const observe::StatSchema& cluster_manager_schema() { return kManagerSchema; }

}  // namespace proa::upstream
