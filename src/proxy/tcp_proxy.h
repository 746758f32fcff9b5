// The compiled TCP proxy: where a connection's bytes go. Source: envoy.extensions.filters.network.tcp_proxy.v3.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "observe/access_log.h"
#include "observe/formatter.h"
#include "observe/stats.h"
#include "route/header_ops.h"

namespace proa::upstream {
class SubsetCriteria;
}

namespace proa::proxy {

// X(identifier, "name", kind): under tcp.PREFIX., with Envoy's names.
#define PROA_TCP_STATS(X)                                                         \
  X(CxTotal, "downstream_cx_total", Counter)                                      \
  X(CxNoRoute, "downstream_cx_no_route", Counter)                                 \
  X(CxTxBytesTotal, "downstream_cx_tx_bytes_total", Counter)                      \
  X(CxTxBytesBuffered, "downstream_cx_tx_bytes_buffered", Gauge)                  \
  X(CxRxBytesTotal, "downstream_cx_rx_bytes_total", Counter)                      \
  X(CxRxBytesBuffered, "downstream_cx_rx_bytes_buffered", Gauge)                  \
  X(FlowControlPaused, "downstream_flow_control_paused_reading_total", Counter)   \
  X(FlowControlResumed, "downstream_flow_control_resumed_reading_total", Counter) \
  X(IdleTimeout, "idle_timeout", Counter)                                         \
  X(MaxDurationReached, "max_downstream_connection_duration", Counter)            \
  X(UpstreamFlushTotal, "upstream_flush_total", Counter)                          \
  X(UpstreamFlushActive, "upstream_flush_active", Gauge)

enum class TcpStat : uint8_t {
#define PROA_X(id, name, kind) k##id,
  PROA_TCP_STATS(PROA_X)
#undef PROA_X
};
extern const observe::StatSchema kTcpSchema;

struct TcpTarget {
  std::string cluster;
  uint64_t weight = 1;
  std::shared_ptr<const upstream::SubsetCriteria> metadata_match;
};

/// tunneling_config: the bytes go through an upstream that is an HTTP proxy.
struct Tunneling {
  observe::Formatter hostname;  ///< whom the proxy is asked for
  bool post = false;            ///< not CONNECT
  std::string post_path = "/";
  route::HeaderOps headers;
  bool keep_response_headers = false;  ///< in the filter state, for the access log
  bool keep_response_trailers = false;
};

/// Immutable, shared by all workers.
struct TcpProxy {
  std::shared_ptr<observe::StatGroup> stats;  ///< schema kTcpSchema
  std::vector<TcpTarget> targets;             ///< not empty
  uint64_t total_weight = 1;
  bool cluster_from_sni = false;  ///< sni_cluster: the server name is the cluster's name
  Milliseconds idle_timeout{3'600'000};
  Milliseconds max_connection_duration = kNever;
  uint32_t max_connect_attempts = 1;
  bool hash_source_ip = false;                 ///< hash_policy: source_ip
  size_t buffer_limit = 1024 * 1024;           ///< bytes read and not written, for each direction
  std::shared_ptr<const Tunneling> tunneling;  ///< null: plain TCP
  std::vector<std::shared_ptr<const observe::AccessLog>> access_logs;
};

}  // namespace proa::proxy
