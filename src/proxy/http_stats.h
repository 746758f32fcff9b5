// What an HTTP connection manager counts, under http.PREFIX., with Envoy's names.
#pragma once

#include "observe/stats.h"

namespace proa::proxy {

// X(identifier, "name", kind)
#define PROA_HTTP_STATS(X)                                                                        \
  X(CxTotal, "downstream_cx_total", Counter)                                                      \
  X(CxActive, "downstream_cx_active", Gauge)                                                      \
  X(CxDestroy, "downstream_cx_destroy", Counter)                                                  \
  X(CxDestroyRemote, "downstream_cx_destroy_remote", Counter)                                     \
  X(CxDestroyLocal, "downstream_cx_destroy_local", Counter)                                       \
  X(CxDestroyActiveRq, "downstream_cx_destroy_active_rq", Counter)                                \
  X(CxDestroyRemoteActiveRq, "downstream_cx_destroy_remote_active_rq", Counter)                   \
  X(CxDestroyLocalActiveRq, "downstream_cx_destroy_local_active_rq", Counter)                     \
  X(CxHttp1Total, "downstream_cx_http1_total", Counter)                                           \
  X(CxHttp1Active, "downstream_cx_http1_active", Gauge)                                           \
  X(CxHttp2Total, "downstream_cx_http2_total", Counter)                                           \
  X(CxHttp2Active, "downstream_cx_http2_active", Gauge)                                           \
  X(CxSslTotal, "downstream_cx_ssl_total", Counter)                                               \
  X(CxSslActive, "downstream_cx_ssl_active", Gauge)                                               \
  X(CxUpgradesTotal, "downstream_cx_upgrades_total", Counter)                                     \
  X(CxUpgradesActive, "downstream_cx_upgrades_active", Gauge)                                     \
  X(CxProtocolError, "downstream_cx_protocol_error", Counter)                                     \
  X(CxDrainClose, "downstream_cx_drain_close", Counter)                                           \
  X(CxIdleTimeout, "downstream_cx_idle_timeout", Counter)                                         \
  X(CxMaxDurationReached, "downstream_cx_max_duration_reached", Counter)                          \
  X(CxMaxRequestsReached, "downstream_cx_max_requests_reached", Counter)                          \
  X(CxOverloadDisableKeepalive, "downstream_cx_overload_disable_keepalive", Counter)              \
  X(CxDelayedCloseTimeout, "downstream_cx_delayed_close_timeout", Counter)                        \
  X(CxRxBytesTotal, "downstream_cx_rx_bytes_total", Counter)                                      \
  X(CxRxBytesBuffered, "downstream_cx_rx_bytes_buffered", Gauge)                                  \
  X(CxTxBytesTotal, "downstream_cx_tx_bytes_total", Counter)                                      \
  X(CxTxBytesBuffered, "downstream_cx_tx_bytes_buffered", Gauge)                                  \
  X(CxLengthMs, "downstream_cx_length_ms", Histogram)                                             \
  X(FlowControlPaused, "downstream_flow_control_paused_reading_total", Counter)                   \
  X(FlowControlResumed, "downstream_flow_control_resumed_reading_total", Counter)                 \
  X(RqTotal, "downstream_rq_total", Counter)                                                      \
  X(RqHttp1Total, "downstream_rq_http1_total", Counter)                                           \
  X(RqHttp2Total, "downstream_rq_http2_total", Counter)                                           \
  X(RqActive, "downstream_rq_active", Gauge)                                                      \
  X(RqCompleted, "downstream_rq_completed", Counter)                                              \
  X(RqRxReset, "downstream_rq_rx_reset", Counter)                                                 \
  X(RqTxReset, "downstream_rq_tx_reset", Counter)                                                 \
  X(RqNonRelativePath, "downstream_rq_non_relative_path", Counter)                                \
  X(RqTooLarge, "downstream_rq_too_large", Counter)                                               \
  X(RqHeaderTimeout, "downstream_rq_header_timeout", Counter)                                     \
  X(RqIdleTimeout, "downstream_rq_idle_timeout", Counter)                                         \
  X(RqTimeout, "downstream_rq_timeout", Counter)                                                  \
  X(RqMaxDurationReached, "downstream_rq_max_duration_reached", Counter)                          \
  X(RqOverloadClose, "downstream_rq_overload_close", Counter)                                     \
  X(RqWsOnNonWsRoute, "downstream_rq_ws_on_non_ws_route", Counter)                                \
  X(TracingHealthCheck, "tracing.health_check", Counter)                                          \
  X(RqRejectedViaIpDetection, "downstream_rq_rejected_via_ip_detection", Counter)                 \
  X(RqFailedPathNormalization, "downstream_rq_failed_path_normalization", Counter)                \
  X(RqRedirectedNormalizedPath, "downstream_rq_redirected_with_normalized_path", Counter)         \
  X(RqTime, "downstream_rq_time", Histogram)                                                      \
  X(NoRoute, "no_route", Counter)                                                                 \
  X(NoCluster, "no_cluster", Counter)                                                             \
  X(RqDirectResponse, "rq_direct_response", Counter)                                              \
  X(RqRedirect, "rq_redirect", Counter)                                                           \
  X(RqTotalRouted, "rq_total", Counter)                                                           \
  X(PassthroughRedirectBadLocation, "passthrough_internal_redirect_bad_location", Counter)        \
  X(PassthroughRedirectNoRoute, "passthrough_internal_redirect_no_route", Counter)                \
  X(PassthroughRedirectPredicate, "passthrough_internal_redirect_predicate", Counter)             \
  X(PassthroughRedirectTooMany, "passthrough_internal_redirect_too_many_redirects", Counter)      \
  X(PassthroughRedirectUnsafeScheme, "passthrough_internal_redirect_unsafe_scheme", Counter)      \
  X(RqResetAfterDownstreamResponseStarted, "rq_reset_after_downstream_response_started", Counter) \
  X(RsTooLarge, "rs_too_large", Counter)

enum class HttpStat : uint8_t {
#define PROA_X(id, name, kind) k##id,
  PROA_HTTP_STATS(PROA_X)
#undef PROA_X
};
extern const observe::StatSchema kHttpSchema;  ///< status prefix 0: downstream_rq (only classes, like Envoy)

}  // namespace proa::proxy
