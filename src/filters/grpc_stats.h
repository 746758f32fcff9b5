// Counts gRPC calls and messages, by cluster and perhaps by method.
// Source: envoy.extensions.filters.http.grpc_stats.v3.FilterConfig.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "filters/filter.h"
#include "observe/dynamic_stats.h"

namespace proa::filters {

struct GrpcStatsConfig {
  bool filter_state = false;                              ///< leaves "REQUESTS,RESPONSES" under the filter's name
  bool all_methods = false;                               ///< by method, whatever method that is
  std::set<std::pair<std::string, std::string>> methods;  ///< else of these, by service and name; others as one
  bool dots_to_underscores = false;                       ///< in the service's name, with all_methods
  bool upstream_time = false;                             ///< keeps upstream_rq_time
  std::shared_ptr<observe::DynamicStats> stats;
};
std::unique_ptr<Filter> make_grpc_stats(GrpcStatsConfig config);
extern const observe::StatSchema kGrpcStatsSchema;  ///< cluster.NAME.grpc.[SERVICE.METHOD.]

/// Where other filters read the numbers of messages: in the filter state.
inline constexpr const char* kGrpcStatsState = "envoy.filters.http.grpc_stats";

}  // namespace proa::filters
