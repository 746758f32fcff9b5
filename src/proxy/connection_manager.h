// The compiled HTTP connection manager: everything that is decided once for all requests of a filter chain.
// Source: envoy.extensions.filters.network.http_connection_manager.v3. Made in config/, immutable, shared by
// all workers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "filters/chain.h"
#include "http/codec.h"
#include "http/path_normalize.h"
#include "http/uri.h"
#include "net/address.h"
#include "observe/access_log.h"
#include "observe/stats.h"
#include "proxy/http_stats.h"
#include "proxy/ip_detection.h"
#include "proxy/local_reply_config.h"
#include "proxy/proxy_status.h"
#include "proxy/route_slot.h"
#include "route/header_ops.h"

namespace proa::proxy {

struct Tracer;

enum class CodecType : uint8_t { kAuto, kHttp1, kHttp2 };
enum class ServerHeader : uint8_t { kOverwrite, kAppendIfAbsent, kPassThrough };
/// forward_client_cert_details: what happens to x-forwarded-client-cert.
enum class ForwardClientCert : uint8_t { kSanitize, kForwardOnly, kAppendForward, kSanitizeSet, kAlwaysForwardOnly };

struct ClientCertDetails {
  bool subject = false, cert = false, chain = false, dns = false, uri = false;
};

/// upgrade_configs[]: which upgrades are let through, and whether through the ordinary filters.
struct UpgradeConfig {
  std::string type;  ///< lower case: "websocket", "connect"
  bool enabled = true;
};

/// The router filter's options; it is always the last filter and is played by proxy/serve.
struct RouterOptions {
  bool suppress_envoy_headers = false;
  bool respect_expected_rq_timeout = false;
  bool dynamic_stats = true;
  std::vector<http::HeaderId> strict_headers;  ///< strict_check_headers
  std::vector<std::shared_ptr<const observe::AccessLog>> upstream_logs;
};

struct ConnectionManager {
  std::string stat_prefix;
  std::shared_ptr<observe::StatGroup> stats;        ///< schema kHttpSchema
  std::shared_ptr<observe::StatGroup> http1_stats;  ///< schema kCodecSchema
  std::shared_ptr<observe::StatGroup> http2_stats;  ///< schema kCodecSchema
  CodecType codec_type = CodecType::kAuto;
  http::Http1Options http1;
  http::Http2Options http2;

  std::shared_ptr<RouteSlot> routes;
  filters::Chain chain;
  RouterOptions router;
  std::vector<UpgradeConfig> upgrades;

  std::vector<std::shared_ptr<const observe::AccessLog>> access_logs;
  std::shared_ptr<const Tracer> tracer;  ///< null: no tracing at all; trace headers pass through
  LocalReplyConfig local_replies;

  // Paths and hosts, made canonical once before anything matches on them.
  http::PathRules paths;
  http::HostRules host_rules;

  // Who the client is.
  bool use_remote_address = false;
  uint32_t xff_num_trusted_hops = 0;
  bool skip_xff_append = false;
  std::vector<IpDetection> ip_detections;       ///< without use_remote_address; empty: x-forwarded-for by hops
  std::string own_ip;                           ///< what x-forwarded-for gets for a loopback peer
  std::vector<net::CidrRange> internal_ranges;  ///< empty: nothing is internal
  ForwardClientCert forward_client_cert = ForwardClientCert::kSanitize;
  ClientCertDetails client_cert_details;

  // Identity headers.
  std::string server_name = "envoy";
  ServerHeader server_header = ServerHeader::kOverwrite;
  std::string via;
  std::optional<ProxyStatusConfig> proxy_status;
  bool add_user_agent = false;
  std::string service_cluster;  ///< for add_user_agent
  std::string service_node;
  bool append_x_forwarded_port = false;
  bool generate_request_id = true;
  bool preserve_external_request_id = false;
  bool always_set_request_id_in_response = false;
  std::string scheme_overwrite;  ///< empty: keep
  bool scheme_match_upstream = false;

  route::HeaderOps early_headers;  ///< changes to a request before anything matches on it

  bool proxy_100_continue = false;

  // Limits of time; kNever: off. http1/http2 hold the head time-out.
  Milliseconds idle_timeout{3'600'000};  ///< a connection without requests
  Milliseconds max_connection_duration = kNever;
  Milliseconds stream_idle_timeout{300'000};
  Milliseconds request_timeout = kNever;  ///< to receive a whole request
  Milliseconds max_stream_duration = kNever;
  Milliseconds drain_timeout{5'000};
  Milliseconds delayed_close_timeout{1'000};
  uint32_t max_requests_per_connection = 0;   ///< 0: any number
  size_t request_buffer_limit = 1024 * 1024;  ///< per_connection_buffer_limit_bytes of the listener
};

}  // namespace proa::proxy
