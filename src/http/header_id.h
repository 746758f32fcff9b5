// Well-known header names as small integers, so that the request path compares one byte instead of strings.
#pragma once

#include <cstdint>
#include <string_view>

namespace proa::http {

// X(identifier, "lower-case name"). Sorted by name; header_id.cc checks that.
#define PROA_KNOWN_HEADERS(X)                                                       \
  X(Accept, "accept")                                                               \
  X(AcceptEncoding, "accept-encoding")                                              \
  X(AcceptLanguage, "accept-language")                                              \
  X(AccessControlAllowCredentials, "access-control-allow-credentials")              \
  X(AccessControlAllowHeaders, "access-control-allow-headers")                      \
  X(AccessControlAllowMethods, "access-control-allow-methods")                      \
  X(AccessControlAllowOrigin, "access-control-allow-origin")                        \
  X(AccessControlAllowPrivateNetwork, "access-control-allow-private-network")       \
  X(AccessControlExposeHeaders, "access-control-expose-headers")                    \
  X(AccessControlMaxAge, "access-control-max-age")                                  \
  X(AccessControlRequestHeaders, "access-control-request-headers")                  \
  X(AccessControlRequestMethod, "access-control-request-method")                    \
  X(AccessControlRequestPrivateNetwork, "access-control-request-private-network")   \
  X(Age, "age")                                                                     \
  X(Authorization, "authorization")                                                 \
  X(B3, "b3")                                                                       \
  X(CacheControl, "cache-control")                                                  \
  X(Connection, "connection")                                                       \
  X(ContentEncoding, "content-encoding")                                            \
  X(ContentLength, "content-length")                                                \
  X(ContentType, "content-type")                                                    \
  X(Cookie, "cookie")                                                               \
  X(Date, "date")                                                                   \
  X(Etag, "etag")                                                                   \
  X(Expect, "expect")                                                               \
  X(Forwarded, "forwarded")                                                         \
  X(GrpcEncoding, "grpc-encoding")                                                  \
  X(GrpcMessage, "grpc-message")                                                    \
  X(GrpcStatus, "grpc-status")                                                      \
  X(GrpcTimeout, "grpc-timeout")                                                    \
  X(Host, "host")                                                                   \
  X(Http2Settings, "http2-settings")                                                \
  X(IfModifiedSince, "if-modified-since")                                           \
  X(IfNoneMatch, "if-none-match")                                                   \
  X(KeepAlive, "keep-alive")                                                        \
  X(LastModified, "last-modified")                                                  \
  X(Location, "location")                                                           \
  X(Origin, "origin")                                                               \
  X(Pragma, "pragma")                                                               \
  X(ProxyAuthenticate, "proxy-authenticate")                                        \
  X(ProxyConnection, "proxy-connection")                                            \
  X(ProxyStatus, "proxy-status")                                                    \
  X(Range, "range")                                                                 \
  X(Referer, "referer")                                                             \
  X(RetryAfter, "retry-after")                                                      \
  X(Server, "server")                                                               \
  X(SetCookie, "set-cookie")                                                        \
  X(Te, "te")                                                                       \
  X(Traceparent, "traceparent")                                                     \
  X(Tracestate, "tracestate")                                                       \
  X(Trailer, "trailer")                                                             \
  X(TransferEncoding, "transfer-encoding")                                          \
  X(Upgrade, "upgrade")                                                             \
  X(UserAgent, "user-agent")                                                        \
  X(Vary, "vary")                                                                   \
  X(Via, "via")                                                                     \
  X(XB3ParentSpanId, "x-b3-parentspanid")                                           \
  X(XB3Sampled, "x-b3-sampled")                                                     \
  X(XB3SpanId, "x-b3-spanid")                                                       \
  X(XB3TraceId, "x-b3-traceid")                                                     \
  X(XClientTraceId, "x-client-trace-id")                                            \
  X(XEnvoyAttemptCount, "x-envoy-attempt-count")                                    \
  X(XEnvoyDecoratorOperation, "x-envoy-decorator-operation")                        \
  X(XEnvoyDegraded, "x-envoy-degraded")                                             \
  X(XEnvoyDownstreamServiceCluster, "x-envoy-downstream-service-cluster")           \
  X(XEnvoyDownstreamServiceNode, "x-envoy-downstream-service-node")                 \
  X(XEnvoyExpectedRqTimeoutMs, "x-envoy-expected-rq-timeout-ms")                    \
  X(XEnvoyExternalAddress, "x-envoy-external-address")                              \
  X(XEnvoyForceTrace, "x-envoy-force-trace")                                        \
  X(XEnvoyHedgeOnPerTryTimeout, "x-envoy-hedge-on-per-try-timeout")                 \
  X(XEnvoyImmediateHealthCheckFail, "x-envoy-immediate-health-check-fail")          \
  X(XEnvoyInternal, "x-envoy-internal")                                             \
  X(XEnvoyIpTags, "x-envoy-ip-tags")                                                \
  X(XEnvoyIsTimeoutRetry, "x-envoy-is-timeout-retry")                               \
  X(XEnvoyLocalOverloaded, "x-envoy-local-overloaded")                              \
  X(XEnvoyMaxRetries, "x-envoy-max-retries")                                        \
  X(XEnvoyOriginalHost, "x-envoy-original-host")                                    \
  X(XEnvoyOriginalPath, "x-envoy-original-path")                                    \
  X(XEnvoyOverloaded, "x-envoy-overloaded")                                         \
  X(XEnvoyRateLimited, "x-envoy-ratelimited")                                       \
  X(XEnvoyRetriableHeaderNames, "x-envoy-retriable-header-names")                   \
  X(XEnvoyRetriableStatusCodes, "x-envoy-retriable-status-codes")                   \
  X(XEnvoyRetryGrpcOn, "x-envoy-retry-grpc-on")                                     \
  X(XEnvoyRetryOn, "x-envoy-retry-on")                                              \
  X(XEnvoyUpstreamAltStatName, "x-envoy-upstream-alt-stat-name")                    \
  X(XEnvoyUpstreamCanary, "x-envoy-upstream-canary")                                \
  X(XEnvoyUpstreamRqPerTryTimeoutMs, "x-envoy-upstream-rq-per-try-timeout-ms")      \
  X(XEnvoyUpstreamRqTimeoutAltResponse, "x-envoy-upstream-rq-timeout-alt-response") \
  X(XEnvoyUpstreamRqTimeoutMs, "x-envoy-upstream-rq-timeout-ms")                    \
  X(XEnvoyUpstreamServiceTime, "x-envoy-upstream-service-time")                     \
  X(XEnvoyUpstreamStreamDurationMs, "x-envoy-upstream-stream-duration-ms")          \
  X(XForwardedClientCert, "x-forwarded-client-cert")                                \
  X(XForwardedFor, "x-forwarded-for")                                               \
  X(XForwardedHost, "x-forwarded-host")                                             \
  X(XForwardedPort, "x-forwarded-port")                                             \
  X(XForwardedProto, "x-forwarded-proto")                                           \
  X(XOtSpanContext, "x-ot-span-context")                                            \
  X(XRateLimitLimit, "x-ratelimit-limit")                                           \
  X(XRateLimitRemaining, "x-ratelimit-remaining")                                   \
  X(XRateLimitReset, "x-ratelimit-reset")                                           \
  X(XRequestId, "x-request-id")

enum class HeaderId : uint8_t {
  kOther = 0,
#define PROA_X(id, name) k##id,
  PROA_KNOWN_HEADERS(PROA_X)
#undef PROA_X
      kCount
};

/// The id of a lower-case name; kOther when it is not a known one. Costs one hash and one compare.
HeaderId header_id(std::string_view lower_case_name);
/// The lower-case name of a known header; lives for ever. Precondition: id != kOther.
std::string_view header_name(HeaderId id);

}  // namespace proa::http
