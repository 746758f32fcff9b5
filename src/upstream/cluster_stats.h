// What a cluster counts: Envoy's names under "cluster.<name>.".
#pragma once

#include <cstdint>

#include "observe/stats.h"

namespace proa::upstream {

// X(enumerator, name, kind[, unit]); the order is the index.
#define PROA_CLUSTER_STATS(C, G, H)                                                                            \
  C(kBindErrors, "bind_errors")                                                                                \
  C(kAssignmentStale, "assignment_stale")                                                                      \
  C(kAssignmentTimeoutReceived, "assignment_timeout_received")                                                 \
  C(kLbHealthyPanic, "lb_healthy_panic")                                                                       \
  C(kLbLocalClusterNotOk, "lb_local_cluster_not_ok")                                                           \
  C(kLbRecalculateZoneStructures, "lb_recalculate_zone_structures")                                            \
  C(kLbSubsetsCreated, "lb_subsets_created")                                                                   \
  C(kLbSubsetsFallback, "lb_subsets_fallback")                                                                 \
  C(kLbSubsetsFallbackPanic, "lb_subsets_fallback_panic")                                                      \
  C(kLbSubsetsRemoved, "lb_subsets_removed")                                                                   \
  C(kLbSubsetsSelected, "lb_subsets_selected")                                                                 \
  C(kLbZoneClusterTooSmall, "lb_zone_cluster_too_small")                                                       \
  C(kLbZoneNoCapacityLeft, "lb_zone_no_capacity_left")                                                         \
  C(kLbZoneNumberDiffers, "lb_zone_number_differs")                                                            \
  C(kLbZoneRoutingAllDirectly, "lb_zone_routing_all_directly")                                                 \
  C(kLbZoneRoutingCrossZone, "lb_zone_routing_cross_zone")                                                     \
  C(kLbZoneRoutingSampled, "lb_zone_routing_sampled")                                                          \
  G(kLbSubsetsActive, "lb_subsets_active")                                                                     \
  G(kMaxHostWeight, "max_host_weight")                                                                         \
  C(kMembershipChange, "membership_change")                                                                    \
  G(kMembershipDegraded, "membership_degraded")                                                                \
  G(kMembershipExcluded, "membership_excluded")                                                                \
  G(kMembershipHealthy, "membership_healthy")                                                                  \
  G(kMembershipTotal, "membership_total")                                                                      \
  C(kOriginalDstHostInvalid, "original_dst_host_invalid")                                                      \
  C(kRetryOrShadowAbandoned, "retry_or_shadow_abandoned")                                                      \
  C(kUpdateAttempt, "update_attempt")                                                                          \
  C(kUpdateEmpty, "update_empty")                                                                              \
  C(kUpdateFailure, "update_failure")                                                                          \
  C(kUpdateNoRebuild, "update_no_rebuild")                                                                     \
  C(kUpdateSuccess, "update_success")                                                                          \
  G(kVersion, "version")                                                                                       \
  G(kWarmingState, "warming_state")                                                                            \
  C(kCxCloseNotify, "upstream_cx_close_notify")                                                                \
  C(kCxConnectAttemptsExceeded, "upstream_cx_connect_attempts_exceeded")                                       \
  C(kCxConnectFail, "upstream_cx_connect_fail")                                                                \
  C(kCxConnectTimeout, "upstream_cx_connect_timeout")                                                          \
  C(kCxConnectWith0Rtt, "upstream_cx_connect_with_0_rtt")                                                      \
  C(kCxDestroy, "upstream_cx_destroy")                                                                         \
  C(kCxDestroyLocal, "upstream_cx_destroy_local")                                                              \
  C(kCxDestroyLocalWithActiveRq, "upstream_cx_destroy_local_with_active_rq")                                   \
  C(kCxDestroyRemote, "upstream_cx_destroy_remote")                                                            \
  C(kCxDestroyRemoteWithActiveRq, "upstream_cx_destroy_remote_with_active_rq")                                 \
  C(kCxDestroyWithActiveRq, "upstream_cx_destroy_with_active_rq")                                              \
  C(kCxHttp1Total, "upstream_cx_http1_total")                                                                  \
  C(kCxHttp2Total, "upstream_cx_http2_total")                                                                  \
  C(kCxHttp3Total, "upstream_cx_http3_total")                                                                  \
  C(kCxIdleTimeout, "upstream_cx_idle_timeout")                                                                \
  C(kCxMaxDurationReached, "upstream_cx_max_duration_reached")                                                 \
  C(kCxMaxRequests, "upstream_cx_max_requests")                                                                \
  C(kCxNoneHealthy, "upstream_cx_none_healthy")                                                                \
  C(kCxOverflow, "upstream_cx_overflow")                                                                       \
  C(kCxPoolOverflow, "upstream_cx_pool_overflow")                                                              \
  C(kCxProtocolError, "upstream_cx_protocol_error")                                                            \
  C(kCxRxBytesTotal, "upstream_cx_rx_bytes_total")                                                             \
  C(kCxTotal, "upstream_cx_total")                                                                             \
  C(kCxTxBytesTotal, "upstream_cx_tx_bytes_total")                                                             \
  G(kCxActive, "upstream_cx_active")                                                                           \
  G(kCxRxBytesBuffered, "upstream_cx_rx_bytes_buffered")                                                       \
  G(kCxTxBytesBuffered, "upstream_cx_tx_bytes_buffered")                                                       \
  H(kCxConnectMs, "upstream_cx_connect_ms")                                                                    \
  H(kCxLengthMs, "upstream_cx_length_ms")                                                                      \
  C(kFlowControlBackedUpTotal, "upstream_flow_control_backed_up_total")                                        \
  C(kFlowControlDrainedTotal, "upstream_flow_control_drained_total")                                           \
  C(kFlowControlPausedReadingTotal, "upstream_flow_control_paused_reading_total")                              \
  C(kFlowControlResumedReadingTotal, "upstream_flow_control_resumed_reading_total")                            \
  C(kInternalRedirectFailedTotal, "upstream_internal_redirect_failed_total")                                   \
  C(kInternalRedirectSucceededTotal, "upstream_internal_redirect_succeeded_total")                             \
  C(kRq0Rtt, "upstream_rq_0rtt")                                                                               \
  C(kRqCancelled, "upstream_rq_cancelled")                                                                     \
  C(kRqCompleted, "upstream_rq_completed")                                                                     \
  C(kRqCompletedInternal, "internal.upstream_rq_completed")                                                    \
  C(kRqCompletedExternal, "external.upstream_rq_completed")                                                    \
  C(kRqCompletedRetry, "retry.upstream_rq_completed")                                                          \
  C(kRqDroppedDropOverload, "upstream_rq_drop_overload")                                                       \
  C(kRqMaintenanceMode, "upstream_rq_maintenance_mode")                                                        \
  C(kRqMaxDurationReached, "upstream_rq_max_duration_reached")                                                 \
  C(kRqPendingFailureEject, "upstream_rq_pending_failure_eject")                                               \
  C(kRqPendingOverflow, "upstream_rq_pending_overflow")                                                        \
  C(kRqPendingTotal, "upstream_rq_pending_total")                                                              \
  C(kRqPerTryIdleTimeout, "upstream_rq_per_try_idle_timeout")                                                  \
  C(kRqPerTryTimeout, "upstream_rq_per_try_timeout")                                                           \
  C(kRqRetry, "upstream_rq_retry")                                                                             \
  C(kRqRetryBackoffExponential, "upstream_rq_retry_backoff_exponential")                                       \
  C(kRqRetryBackoffRatelimited, "upstream_rq_retry_backoff_ratelimited")                                       \
  C(kRqRetryLimitExceeded, "upstream_rq_retry_limit_exceeded")                                                 \
  C(kRqRetryOverflow, "upstream_rq_retry_overflow")                                                            \
  C(kRqRetrySuccess, "upstream_rq_retry_success")                                                              \
  C(kRqRxReset, "upstream_rq_rx_reset")                                                                        \
  C(kRqTimeout, "upstream_rq_timeout")                                                                         \
  C(kRqTotal, "upstream_rq_total")                                                                             \
  C(kRqTxReset, "upstream_rq_tx_reset")                                                                        \
  C(kRqPerCxReplayed, "upstream_rq_replayed")                                                                  \
  G(kRqActive, "upstream_rq_active")                                                                           \
  G(kRqPendingActive, "upstream_rq_pending_active")                                                            \
  H(kRqTime, "upstream_rq_time")                                                                               \
  H(kRqTimeInternal, "internal.upstream_rq_time")                                                              \
  H(kRqTimeExternal, "external.upstream_rq_time")                                                              \
  H(kRqTimeCanary, "canary.upstream_rq_time")                                                                  \
  C(kHcAttempt, "health_check.attempt")                                                                        \
  C(kHcSuccess, "health_check.success")                                                                        \
  C(kHcFailure, "health_check.failure")                                                                        \
  C(kHcPassiveFailure, "health_check.passive_failure")                                                         \
  C(kHcNetworkFailure, "health_check.network_failure")                                                         \
  C(kHcVerifyCluster, "health_check.verify_cluster")                                                           \
  G(kHcHealthy, "health_check.healthy")                                                                        \
  G(kHcDegraded, "health_check.degraded")                                                                      \
  G(kOdEjectionsActive, "outlier_detection.ejections_active")                                                  \
  C(kOdEjectionsOverflow, "outlier_detection.ejections_overflow")                                              \
  C(kOdEjectionsEnforcedTotal, "outlier_detection.ejections_enforced_total")                                   \
  C(kOdEnforced5xx, "outlier_detection.ejections_enforced_consecutive_5xx")                                    \
  C(kOdDetected5xx, "outlier_detection.ejections_detected_consecutive_5xx")                                    \
  C(kOdEnforcedSuccessRate, "outlier_detection.ejections_enforced_success_rate")                               \
  C(kOdDetectedSuccessRate, "outlier_detection.ejections_detected_success_rate")                               \
  C(kOdEnforcedGateway, "outlier_detection.ejections_enforced_consecutive_gateway_failure")                    \
  C(kOdDetectedGateway, "outlier_detection.ejections_detected_consecutive_gateway_failure")                    \
  C(kOdEnforcedLocal, "outlier_detection.ejections_enforced_consecutive_local_origin_failure")                 \
  C(kOdDetectedLocal, "outlier_detection.ejections_detected_consecutive_local_origin_failure")                 \
  C(kOdEnforcedLocalSuccessRate, "outlier_detection.ejections_enforced_local_origin_success_rate")             \
  C(kOdDetectedLocalSuccessRate, "outlier_detection.ejections_detected_local_origin_success_rate")             \
  C(kOdEnforcedFailurePercentage, "outlier_detection.ejections_enforced_failure_percentage")                   \
  C(kOdDetectedFailurePercentage, "outlier_detection.ejections_detected_failure_percentage")                   \
  C(kOdEnforcedLocalFailurePercentage, "outlier_detection.ejections_enforced_local_origin_failure_percentage") \
  C(kOdDetectedLocalFailurePercentage, "outlier_detection.ejections_detected_local_origin_failure_percentage") \
  G(kCbDefaultCxOpen, "circuit_breakers.default.cx_open")                                                      \
  G(kCbDefaultCxPoolOpen, "circuit_breakers.default.cx_pool_open")                                             \
  G(kCbDefaultRqPendingOpen, "circuit_breakers.default.rq_pending_open")                                       \
  G(kCbDefaultRqOpen, "circuit_breakers.default.rq_open")                                                      \
  G(kCbDefaultRqRetryOpen, "circuit_breakers.default.rq_retry_open")                                           \
  G(kCbDefaultRemainingCx, "circuit_breakers.default.remaining_cx")                                            \
  G(kCbDefaultRemainingPools, "circuit_breakers.default.remaining_cx_pools")                                   \
  G(kCbDefaultRemainingPending, "circuit_breakers.default.remaining_pending")                                  \
  G(kCbDefaultRemainingRq, "circuit_breakers.default.remaining_rq")                                            \
  G(kCbDefaultRemainingRetries, "circuit_breakers.default.remaining_retries")                                  \
  G(kCbHighCxOpen, "circuit_breakers.high.cx_open")                                                            \
  G(kCbHighCxPoolOpen, "circuit_breakers.high.cx_pool_open")                                                   \
  G(kCbHighRqPendingOpen, "circuit_breakers.high.rq_pending_open")                                             \
  G(kCbHighRqOpen, "circuit_breakers.high.rq_open")                                                            \
  G(kCbHighRqRetryOpen, "circuit_breakers.high.rq_retry_open")                                                 \
  G(kCbHighRemainingCx, "circuit_breakers.high.remaining_cx")                                                  \
  G(kCbHighRemainingPools, "circuit_breakers.high.remaining_cx_pools")                                         \
  G(kCbHighRemainingPending, "circuit_breakers.high.remaining_pending")                                        \
  G(kCbHighRemainingRq, "circuit_breakers.high.remaining_rq")                                                  \
  G(kCbHighRemainingRetries, "circuit_breakers.high.remaining_retries")                                        \
  C(kHttp1BadResponse, "http1.bad_response")                                                                   \
  C(kHttp2RxReset, "http2.rx_reset")                                                                           \
  C(kHttp2TxReset, "http2.tx_reset")                                                                           \
  C(kHttp2RxMessagingError, "http2.rx_messaging_error")                                                        \
  C(kHttp2HeaderOverflow, "http2.header_overflow")                                                             \
  C(kHttp2Trailers, "http2.trailers")                                                                          \
  C(kHttp2GoawaySent, "http2.goaway_sent")                                                                     \
  C(kHttp2KeepaliveTimeout, "http2.keepalive_timeout")                                                         \
  C(kHttp2OutboundFlood, "http2.outbound_flood")                                                               \
  C(kHttp2OutboundControlFlood, "http2.outbound_control_flood")

#define PROA_ENUMERATOR(id, ...) id,
enum class ClusterStat : uint16_t { PROA_CLUSTER_STATS(PROA_ENUMERATOR, PROA_ENUMERATOR, PROA_ENUMERATOR) kCount };
#undef PROA_ENUMERATOR

/// "cluster"; the names of its status prefixes: index for StatGroup::count_status().
const observe::StatSchema& cluster_schema();
enum class ClusterStatus : uint8_t { kRq, kInternalRq, kExternalRq, kCanaryRq, kRetryRq };

/// "cluster_manager."
enum class ManagerStat : uint8_t {
  kClusterAdded,
  kClusterModified,
  kClusterRemoved,
  kClusterUpdated,
  kUpdateMergeCancelled,
  kUpdateOutOfMergeWindow,
  kActiveClusters,
  kWarmingClusters,
  kCount
};
const observe::StatSchema& cluster_manager_schema();

}  // namespace proa::upstream
