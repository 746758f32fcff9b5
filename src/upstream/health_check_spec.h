// Active health checks of a cluster: plain configuration (core.v3.HealthCheck).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/string_matcher.h"

namespace proa::net::tls {
class ClientContext;
}

namespace proa::upstream {

struct StatusRange {
  uint16_t first = 200;
  uint16_t end = 201;  ///< exclusive
};

struct HealthCheckSpec {
  enum class Kind : uint8_t { kHttp, kTcp, kGrpc } kind = Kind::kHttp;

  Milliseconds timeout{1'000};
  Milliseconds interval{5'000};
  Milliseconds initial_jitter{0};
  Milliseconds interval_jitter{0};
  uint32_t interval_jitter_percent = 0;
  uint32_t unhealthy_threshold = 2;
  uint32_t healthy_threshold = 2;                     ///< the first success after the start is enough
  Milliseconds no_traffic_interval{60'000};           ///< until the cluster is used
  Milliseconds no_traffic_healthy_interval = kNever;  ///< kNever: no_traffic_interval
  Milliseconds unhealthy_interval = kNever;           ///< kNever: interval
  Milliseconds unhealthy_edge_interval = kNever;      ///< after the first failure; kNever: unhealthy_interval
  Milliseconds healthy_edge_interval = kNever;        ///< after the first success; kNever: interval
  bool reuse_connection = true;
  uint16_t alt_port = 0;
  bool always_log_failures = false;
  bool always_log_successes = false;
  std::vector<std::string> alpn;  ///< instead of the cluster's

  // HTTP.
  bool http2 = false;
  std::string host;  ///< empty: the endpoint's health-check hostname, its hostname, the cluster's name
  std::string path = "/";
  std::string method = "GET";
  std::vector<StatusRange> expected = {{200, 201}};
  std::vector<StatusRange> retriable;  ///< counted against unhealthy_threshold; others fail at once
  std::vector<std::pair<std::string, std::string>> headers_to_add;  ///< lower-case names
  std::vector<std::string> headers_to_remove;
  /// What the response's x-envoy-upstream-healthchecked-cluster must match (an absent one is empty).
  std::optional<http::StringMatcher> service_name;
  std::string expected_body;  ///< must be contained in the first bytes of the body

  // TCP: bytes; `receive` must appear in this order. Both empty: connecting is enough.
  std::string send;
  std::vector<std::string> receive;

  // gRPC.
  std::string service;
  std::string authority;

  std::string event_log_path;  ///< JSON lines; empty: none
};

}  // namespace proa::upstream
