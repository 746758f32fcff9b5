// A cluster's configuration as config/ compiles it: plain data, immutable once it is in a Cluster.
//
// Parts that most clusters share or lack are behind shared_ptr: config/ should give clusters with equal parts the
// same object, so that ten thousand clusters stay small.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/awaited.h"
#include "base/clock.h"
#include "http/codec.h"
#include "net/dns.h"
#include "net/proxy_protocol.h"
#include "net/socket_options.h"
#include "net/tls/slot.h"
#include "upstream/health_check_spec.h"
#include "upstream/lb/endpoint.h"
#include "upstream/lb/lb_spec.h"
#include "upstream/outlier_spec.h"

namespace proa::net {
struct PeerExchangeSpec;
}
namespace proa::observe {
struct Metadata;
}

namespace proa::upstream {

class EndpointSource;

enum class DiscoveryType : uint8_t {
  kStatic,
  kStrictDns,    ///< every address of every endpoint's name is a host
  kLogicalDns,   ///< one host: the current first address of the only endpoint's name
  kOriginalDst,  ///< where the downstream connection was going
  kEds,          ///< an EndpointSource pushes assignments: a watched file, or xDS
};

using net::DnsFamily;

struct DnsSpec {
  DnsFamily family = DnsFamily::kAuto;
  Milliseconds refresh_rate{5'000};
  bool respect_ttl = false;
  /// After a failure: base, doubled up to the maximum, with full jitter.
  Milliseconds failure_base = kNever;  ///< kNever: refresh_rate
  Milliseconds failure_max = kNever;   ///< kNever: 10 x base
  Milliseconds jitter{0};
  /// How long addresses outlive answers that say there is none any more.
  Milliseconds max_stale{300'000};
};

struct OriginalDstSpec {
  bool use_header = false;
  std::string header_name = "x-envoy-original-dst-host";
  uint16_t port_override = 0;
  std::vector<std::string> metadata_key;  ///< namespace and path in dynamic metadata; empty: none
  Milliseconds cleanup_interval{5'000};   ///< a host unused for this long is forgotten
};

enum class UpstreamProtocol : uint8_t {
  kHttp1,
  kHttp2,
  kUseDownstream,  ///< that of the request
  kAuto,           ///< what ALPN chooses
};

struct HttpSpec {
  UpstreamProtocol protocol = UpstreamProtocol::kHttp1;
  http::Http1Options http1;
  http::Http2Options http2;
  Milliseconds idle_timeout{3'600'000};
  uint32_t max_requests_per_connection = 0;  ///< 0: no limit
  Milliseconds max_connection_duration = kNever;
  Milliseconds max_stream_duration = kNever;  ///< kept by the proxy, for each request
  bool auto_sni = false;                      ///< SNI from the request's authority
  bool auto_san_validation = false;           ///< and the certificate must be for it
  std::string auto_sni_header;                ///< instead of the authority
};

enum class RoutingPriority : uint8_t { kDefault, kHigh };

struct RetryBudgetSpec {
  double percent = 20.0;  ///< of active and pending requests
  uint32_t min_concurrency = 3;
};

struct BreakerThresholds {
  uint32_t max_connections = 1024;
  uint32_t max_pending_requests = 1024;
  uint32_t max_requests = 1024;
  uint32_t max_retries = 3;
  uint32_t max_connection_pools = UINT32_MAX;
  std::optional<RetryBudgetSpec> retry_budget;
  bool track_remaining = false;  ///< keeps the gauges of what is left
};

struct BreakerSpec {
  BreakerThresholds of_default;
  BreakerThresholds of_high;
  uint32_t max_connections_per_host = UINT32_MAX;
};

/// How bytes go to a host.
struct TransportSocketSpec {
  std::shared_ptr<const net::tls::ClientSlot> tls;  ///< null: plain
  uint8_t proxy_protocol = 0;                       ///< 1 or 2: a PROXY header first; 0: none
  net::TlvSelection proxy_tlvs;                     ///< of the client's header, in ours of version 2
};

/// The socket of hosts whose metadata "envoy.transport_socket_match" has all these pairs.
struct TransportSocketMatch {
  std::string name;
  SubsetValues match;  ///< empty: every host
  TransportSocketSpec socket;
};

struct SocketSpec {
  net::Address source;                     ///< kNone: the kernel chooses
  std::vector<net::Address> more_sources;  ///< of other families
  std::optional<net::KeepAlive> keep_alive;
  std::vector<net::SocketOption> options;
};

struct PreconnectSpec {
  double per_host_ratio = 1.0;  ///< connections made for each one that is needed
};

struct ClusterSpec {
  std::string name;
  std::string alt_stat_name;  ///< empty: the name
  DiscoveryType type = DiscoveryType::kStatic;
  Milliseconds connect_timeout{5'000};
  uint32_t buffer_limit = 1024 * 1024;  ///< per_connection_buffer_limit_bytes

  /// Static and DNS clusters; ignored by others. Moved into hosts when the cluster starts.
  Assignment assignment;
  std::shared_ptr<EndpointSource> endpoints;  ///< kEds
  std::shared_ptr<const DnsSpec> dns;         ///< null: defaults
  std::shared_ptr<const OriginalDstSpec> original_dst;

  std::shared_ptr<const LbSpec> lb;             ///< null: defaults
  std::shared_ptr<const HttpSpec> http;         ///< null: defaults
  std::shared_ptr<const BreakerSpec> breakers;  ///< null: defaults
  std::shared_ptr<const OutlierSpec> outlier;   ///< null: off
  std::vector<std::shared_ptr<const HealthCheckSpec>> health_checks;

  TransportSocketSpec socket;
  std::vector<TransportSocketMatch> socket_matches;            ///< the first that matches, else `socket`
  std::shared_ptr<const SocketSpec> socket_options;            ///< null: none
  std::shared_ptr<const net::PeerExchangeSpec> peer_exchange;  ///< null: connections begin with the first request
  std::shared_ptr<const PreconnectSpec> preconnect;            ///< null: off
  std::shared_ptr<const observe::Metadata> metadata;

  Milliseconds tcp_idle_timeout{600'000};  ///< kept by the TCP proxy
  bool close_connections_on_health_failure = false;
  bool ignore_health_on_host_removal = false;  ///< else a host removed from discovery stays while its checks pass
  bool ignore_new_hosts_until_first_hc = false;
  bool close_connections_on_host_set_change = false;
  bool wait_for_warm = true;  ///< ready() waits for the first DNS answer or health check round
  bool added_via_api = false;
  AwaitedList awaited;  ///< it warms until all have arrived
  /// Text that changes whenever the configuration does (a hash of the protobuf): equal versions are no update.
  uint64_t config_hash = 0;
};

const LbSpec& default_lb();
const HttpSpec& default_http();
const BreakerSpec& default_breakers();
const DnsSpec& default_dns();

}  // namespace proa::upstream
