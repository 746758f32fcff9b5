// What is counted of requests beside their cluster: for a virtual cluster, "vhost.HOST.vcluster.NAME.", and for a route
// with stat_prefix, "vhost.HOST.route.PREFIX.". Envoy's names.
#pragma once

#include <string>

#include "observe/stats.h"

namespace proa::route {

// X(identifier, "name", kind)
#define PROA_REQUEST_STATS(X)                                        \
  X(Retry, "upstream_rq_retry", Counter)                             \
  X(RetryLimitExceeded, "upstream_rq_retry_limit_exceeded", Counter) \
  X(RetryOverflow, "upstream_rq_retry_overflow", Counter)            \
  X(RetrySuccess, "upstream_rq_retry_success", Counter)              \
  X(Timeout, "upstream_rq_timeout", Counter)                         \
  X(Total, "upstream_rq_total", Counter)                             \
  X(Completed, "upstream_rq_completed", Counter)                     \
  X(Time, "upstream_rq_time", Histogram)

enum class RequestStat : uint8_t {
#define PROA_X(id, name, kind) k##id,
  PROA_REQUEST_STATS(PROA_X)
#undef PROA_X
};
/// Status prefix 0: upstream_rq.
extern const observe::StatSchema kVirtualClusterSchema;
extern const observe::StatSchema kRouteSchema;

observe::StatName virtual_cluster_stat_name(const std::string& virtual_host, const std::string& name);
observe::StatName route_stat_name(const std::string& virtual_host, const std::string& stat_prefix);

}  // namespace proa::route
