// What a listener counts, under listener.ADDRESS., with Envoy's names.
#pragma once

#include "observe/stats.h"

namespace proa::proxy {

// X(identifier, "name", kind)
#define PROA_LISTENER_STATS(X)                                                                     \
  X(CxTotal, "downstream_cx_total", Counter)                                                       \
  X(CxActive, "downstream_cx_active", Gauge)                                                       \
  X(CxDestroy, "downstream_cx_destroy", Counter)                                                   \
  X(CxOverflow, "downstream_cx_overflow", Counter)                                                 \
  X(CxOverloadReject, "downstream_cx_overload_reject", Counter)                                    \
  X(CxTransportSocketTimeout, "downstream_cx_transport_socket_connect_timeout", Counter)           \
  X(GlobalCxOverflow, "downstream_global_cx_overflow", Counter)                                    \
  X(PreCxActive, "downstream_pre_cx_active", Gauge)                                                \
  X(PreCxTimeout, "downstream_pre_cx_timeout", Counter)                                            \
  X(ListenerFilterError, "downstream_listener_filter_error", Counter)                              \
  X(NoFilterChainMatch, "no_filter_chain_match", Counter)                                          \
  X(NetworkFilterDenied, "network_filter_denied", Counter)                                         \
  X(AcceptExhausted, "accept_exhausted", Counter)                                                  \
  X(SslHandshake, "ssl.handshake", Counter)                                                        \
  X(SslSessionReused, "ssl.session_reused", Counter)                                               \
  X(SslNoCertificate, "ssl.no_certificate", Counter)                                               \
  X(SslFailVerifyNoCert, "ssl.fail_verify_no_cert", Counter)                                       \
  X(SslFailVerifySan, "ssl.fail_verify_san", Counter)                                              \
  X(SslFailVerifyCertHash, "ssl.fail_verify_cert_hash", Counter)                                   \
  X(SslFailVerifyError, "ssl.fail_verify_error", Counter)                                          \
  X(SslConnectionError, "ssl.connection_error", Counter)                                           \
  X(SslSecretsNotReady, "server_ssl_socket_factory.downstream_context_secrets_not_ready", Counter) \
  X(CxLengthMs, "downstream_cx_length_ms", Histogram)

enum class ListenerStat : uint8_t {
#define PROA_X(id, name, kind) k##id,
  PROA_LISTENER_STATS(PROA_X)
#undef PROA_X
};
extern const observe::StatSchema kListenerSchema;

}  // namespace proa::proxy
