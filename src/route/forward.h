// The action "send it to a cluster": which one, how the request is changed, how long, how often.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "http/regex.h"
#include "net/proxy_protocol.h"
#include "observe/metadata.h"
#include "route/fraction.h"
#include "route/hash_policy.h"
#include "route/header_ops.h"
#include "route/internal_redirect.h"
#include "route/per_filter.h"
#include "route/rate_limit.h"
#include "route/retry_policy.h"
#include "route/uri_template.h"

namespace proa::route {

struct ToCluster {
  std::string name;
};
struct ToHeader {  ///< the cluster's name is this request header's value; absent or empty: 404
  std::string header;
};
struct WeightedCluster {
  std::string name;  ///< or, when empty, `header` names it
  std::string header;
  uint32_t weight = 0;
  std::string host_rewrite;  ///< empty: the route's
  MessageOps headers;
  PerFilter per_filter;
  std::shared_ptr<const observe::Metadata> metadata_match;
};
struct ToWeighted {
  std::vector<WeightedCluster> clusters;  ///< not empty, sum of weights > 0
  std::string random_header;              ///< its value, an unsigned number, replaces the random one
  bool use_hash_policy = false;
};
using Target = std::variant<ToCluster, ToHeader, ToWeighted>;

// How the path changes.
struct PrefixRewrite {
  std::string prefix;
};
struct PathTemplateRewrite {
  UriTemplateRewrite rewrite;  ///< of the template that the route matched
};
struct PathFormatRewrite {  ///< path_rewrite: a format string
  observe::Formatter path;
};
using PathRewrite =
    std::variant<std::monostate, PrefixRewrite, http::RegexRewrite, PathTemplateRewrite, PathFormatRewrite>;

// How the authority changes.
struct HostLiteral {
  std::string host;
};
struct HostAuto {};  ///< the chosen endpoint's hostname: done when it is chosen
struct HostFromHeader {
  std::string header;
};
struct HostFromPath {
  http::RegexRewrite rewrite;  ///< of the path without query
};
struct HostFormat {  ///< host_rewrite: a format string
  observe::Formatter host;
};
using HostRewrite = std::variant<std::monostate, HostLiteral, HostAuto, HostFromHeader, HostFromPath, HostFormat>;

struct MirrorPolicy {
  std::string cluster;  ///< or, when empty, `cluster_header` names it
  std::string cluster_header;
  std::optional<Fraction> fraction;   ///< nullopt: all
  std::optional<bool> trace_sampled;  ///< nullopt: as the request
  bool append_shadow_suffix = true;   ///< "-shadow" after the host
  std::string host_rewrite;           ///< instead of the suffix; empty: keep
  HeaderOps headers;
};

struct MaxStreamDuration {
  std::optional<Milliseconds> duration;         ///< nullopt: the connection manager's; kNever: off
  std::optional<Milliseconds> grpc_header_max;  ///< set: grpc-timeout counts, up to this; 0: no maximum
  Milliseconds grpc_header_offset{0};           ///< subtracted from it
};

struct UpgradeOverride {
  std::string type;  ///< lower case: "websocket", "connect"
  bool enabled = true;
};

/// connect_config: the payload of a CONNECT goes to the upstream as plain TCP.
struct TunnelEnd {
  bool allow_post = false;         ///< a POST's too
  uint8_t proxy_protocol = 0;      ///< 1 or 2: behind a PROXY header that tells the client's addresses; 0: none
  net::TlvSelection proxy_tlvs{};  ///< of the client's own header
};

enum class Priority : uint8_t { kDefault, kHigh };

struct HedgePolicy {
  bool on_per_try_timeout = false;
};

/// Immutable. Durations that are kNever are off.
struct Forward {
  Target target;
  uint16_t cluster_not_found_code = 503;
  std::shared_ptr<const observe::Metadata> metadata_match;  ///< subset criteria: envoy.lb
  PathRewrite path_rewrite;
  HostRewrite host_rewrite;
  bool append_x_forwarded_host = false;
  Milliseconds timeout{15'000};              ///< whole request with retries, from its last byte; kNever: off
  std::optional<Milliseconds> idle_timeout;  ///< nullopt: the connection manager's
  std::optional<Milliseconds> flush_timeout;
  std::optional<MaxStreamDuration> max_stream_duration;
  std::optional<Milliseconds> max_grpc_timeout;  ///< deprecated: `timeout` is grpc-timeout, up to this; 0: no maximum
  Milliseconds grpc_timeout_offset{0};           ///< deprecated
  std::optional<RetryPolicy> retry;              ///< compiled: the virtual host's when the route has none
  std::optional<HedgePolicy> hedge;
  std::vector<HashPolicy> hash_policies;
  std::vector<MirrorPolicy> mirrors;  ///< compiled: route, else virtual host, else table
  std::vector<UpgradeOverride> upgrades;
  std::optional<TunnelEnd> tunnel_end;
  InternalRedirect internal_redirect;
  Priority priority = Priority::kDefault;
  std::vector<RateLimit> rate_limits;  ///< compiled: with the virtual host's as include_vh_rate_limits says
  bool include_virtual_host_rate_limits = false;
};

}  // namespace proa::route
