// All statistics as text: Envoy's /stats lines, JSON, and the Prometheus exposition format.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "observe/registry.h"

namespace proa::observe {

struct StatsQuery {
  bool used_only = false;                             ///< only what was written to, even if it is 0 now
  std::function<bool(std::string_view)> filter = {};  ///< of the full name; empty: all
  bool counters = true, gauges = true, histograms = true;
};

/// "cluster.backend.upstream_rq_total: 5", sorted; histograms as P0(nan,0) P25(nan,1.025) ... after them.
void write_stats_text(const Registry& registry, const StatsQuery& query, std::string& out);
/// {"stats":[{"name":..,"value":..},..]} as Envoy's ?format=json.
void write_stats_json(const Registry& registry, const StatsQuery& query, std::string& out);
/// Text format 0.0.4: every family once, with TYPE; names envoy_PREFIX_STAT{tags}.
void write_stats_prometheus(const Registry& registry, const StatsQuery& query, std::string& out);

/// The bounds of histogram buckets, in milliseconds (Envoy's defaults).
inline constexpr double kHistogramBounds[] = {0.5,  1,    5,     10,    25,    50,     100,    250,     500,    1000,
                                              2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000};

}  // namespace proa::observe
