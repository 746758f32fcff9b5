// What is known of one exchange (an HTTP request, or a TCP connection): written along the way, read by access
// logs, header formatters, spans, matchers and statistics. Envoy calls it StreamInfo.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "http/stream_bytes.h"

namespace proa::net {
struct ConnectionInfo;
struct MeshPeer;
struct TlsInfo;
class Address;
}  // namespace proa::net

namespace proa::observe {

/// Envoy's response flags; the comment is the short form in %RESPONSE_FLAGS%. Printed in this order: Envoy prints them
/// as they happened, and the retries are over before the last failure is told.
enum class ResponseFlag : uint8_t {
  kUpstreamRetryLimitExceeded,        // URX
  kFailedLocalHealthCheck,            // LH
  kNoHealthyUpstream,                 // UH
  kUpstreamRequestTimeout,            // UT
  kLocalReset,                        // LR
  kUpstreamRemoteReset,               // UR
  kUpstreamConnectionFailure,         // UF
  kUpstreamConnectionTermination,     // UC
  kUpstreamOverflow,                  // UO
  kNoRouteFound,                      // NR
  kDelayInjected,                     // DI
  kFaultInjected,                     // FI
  kRateLimited,                       // RL
  kUnauthorizedExternalService,       // UAEX
  kRateLimitServiceError,             // RLSE
  kDownstreamConnectionTermination,   // DC
  kStreamIdleTimeout,                 // SI
  kInvalidEnvoyRequestHeaders,        // IH
  kDownstreamProtocolError,           // DPE
  kUpstreamMaxStreamDurationReached,  // UMSDR
  kResponseFromCacheFilter,           // RFCF
  kNoFilterConfigFound,               // NFCF
  kDurationTimeout,                   // DT
  kUpstreamProtocolError,             // UPE
  kNoClusterFound,                    // NC
  kOverloadManager,                   // OM
  kDnsResolutionFailed,               // DF
  kDropOverload,                      // DO
  kDownstreamRemoteReset,             // DR
  kUnconditionalDropOverload,         // UDO
  kCount
};
using ResponseFlags = std::bitset<static_cast<size_t>(ResponseFlag::kCount)>;

/// namespace -> object, as filters write it and matchers and %DYNAMIC_METADATA% read it.
struct Metadata;

/// Lives as long as the exchange, on its worker thread. Slices point into the exchange's arena, the
/// configuration in use, or static storage. Unset times are the epoch.
struct StreamInfo {
  // Downstream connection; null only in tests.
  const net::ConnectionInfo* downstream = nullptr;
  /// The client's address as trusted (XFF applied); points into the exchange or the connection.
  const net::Address* remote_address = nullptr;

  /// The workloads at both ends, as their proxies told; null: not told.
  const net::MeshPeer* downstream_peer = nullptr;
  const net::MeshPeer* upstream_peer = nullptr;

  // Messages; null for TCP, and until they exist.
  const http::RequestHead* request = nullptr;
  const http::ResponseHead* response = nullptr;
  const http::HeaderList* response_trailers = nullptr;
  http::Version protocol = http::Version::kHttp11;

  // The outcome.
  uint16_t response_code = 0;              ///< 0: nothing was answered
  std::string_view response_code_details;  ///< "via_upstream", "route_not_found", ... (Envoy's strings)
  std::string_view connection_termination_details;
  ResponseFlags flags;
  std::string_view local_reply_body;
  std::string_view downstream_transport_failure_reason;
  std::string_view custom_flags;  ///< what filters add for %CUSTOM_FLAGS%, "," between
  /// Which kind of record a log line is: "DownstreamEnd", "DownstreamStart", "DownstreamPeriodic",
  /// "UpstreamEnd", "TcpConnectionEnd", ... (Envoy's AccessLogType); empty: "NotSet".
  std::string_view access_log_type;

  // Where it went.
  std::string_view route_name;
  std::string_view virtual_host_name;
  std::string_view filter_chain_name;
  std::string_view virtual_cluster_name;
  std::string_view upstream_cluster;  ///< alt_stat_name when there is one (%UPSTREAM_CLUSTER%)
  std::string_view upstream_cluster_raw;
  const net::Address* upstream_remote = nullptr;  ///< of the last attempt
  const net::Address* upstream_local = nullptr;
  std::string_view upstream_host_name;
  std::string_view upstream_transport_failure_reason;
  std::shared_ptr<const net::TlsInfo> upstream_tls;
  http::Version upstream_protocol = http::Version::kHttp11;
  const std::vector<std::string>* upstream_alpn = nullptr;  ///< offered in place of the cluster's; null: those
  uint64_t upstream_connection_id = 0;
  uint32_t upstream_attempts = 0;
  /// Metadata of the route, cluster and host used, for %METADATA(..)% and matchers; may be null.
  const Metadata* route_metadata = nullptr;
  const Metadata* cluster_metadata = nullptr;
  const Metadata* host_metadata = nullptr;

  // When.
  WallTime start_wall{};
  MonoTime start{};
  MonoTime request_end{};  ///< last byte of the request received
  MonoTime downstream_handshake_end{};
  MonoTime upstream_connect_start{};  ///< of the connection that was made for this exchange, if one was
  MonoTime upstream_connect_end{};
  MonoTime upstream_handshake_end{};
  MonoTime upstream_pool_ready{};  ///< a connection was there, new or kept
  MonoTime upstream_first_tx{};
  MonoTime upstream_last_tx{};
  MonoTime upstream_first_rx{};
  MonoTime upstream_last_rx{};
  MonoTime response_start{};  ///< first byte of the response sent downstream
  MonoTime end{};             ///< the exchange is over

  // How much. Body bytes, without framing; and what went over both wires, of all tries upstream.
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  http::StreamBytes downstream_bytes;
  http::StreamBytes upstream_bytes;

  // Identity and context.
  uint64_t stream_id = 0;
  uint64_t random = 0;          ///< stable per exchange: weighted clusters, runtime fractions
  std::string_view request_id;  ///< x-request-id
  std::string_view trace_id;    ///< 32 hex digits, or empty
  std::string_view span_id;
  bool sampled = false;
  bool internal_request = false;  ///< by use_remote_address / XFF rules
  bool health_check = false;      ///< answered by, or marked by, the health check filter

  /// What filters wrote; null until the first write (see mutable_metadata in metadata.h).
  Metadata* dynamic_metadata = nullptr;
  /// Filter state by key, printed values; null until the first write.
  Metadata* filter_state = nullptr;

  void set(ResponseFlag flag) { flags.set(static_cast<size_t>(flag)); }
  bool has(ResponseFlag flag) const { return flags.test(static_cast<size_t>(flag)); }
};

}  // namespace proa::observe
