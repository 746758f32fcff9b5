// Every HTTP and network filter: what it is configured with, and how it is made. config/filter_compile.cc fills the
// configurations from protobuf; nothing registers itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "filters/filter.h"
#include "filters/network_filter.h"
#include "filters/token_bucket.h"
#include "http/header_matcher.h"
#include "http/string_matcher.h"
#include "observe/stats.h"
#include "route/cors.h"
#include "route/header_ops.h"
#include "route/per_filter.h"
#include "route/rate_limit.h"
#include "route/rbac.h"

namespace proa::filters {

/// The route's own configuration for `filter`, or null: it may also only turn the filter on (FilterConfig with an empty
/// config), or be meant for another kind of filter.
template <class Config>
const Config* route_config(Exchange& x, const Filter& filter) {
  return dynamic_cast<const Config*>(x.per_filter(filter));
}

// ---- cors: route::CorsPolicy as the route's part ----

std::unique_ptr<Filter> make_cors(std::shared_ptr<observe::StatGroup> stats);
extern const observe::StatSchema kCorsSchema;

// ---- rbac ----

struct RbacConfig : route::PerFilterConfig {
  std::shared_ptr<const route::rbac::Policies> rules;   ///< null: nothing is enforced
  std::shared_ptr<const route::rbac::Policies> shadow;  ///< decided and counted, not enforced
  std::string shadow_prefix;                            ///< of the metadata keys that the shadow decision leaves
};
/// Two groups, because the shadow rules have a prefix of their own.
struct RbacStats {
  std::shared_ptr<observe::StatGroup> enforced;  ///< schema kRbacSchema or kNetworkRbacSchema
  std::shared_ptr<observe::StatGroup> shadow;    ///< schema kRbacShadowSchema or kNetworkRbacShadowSchema
};
std::unique_ptr<Filter> make_rbac(std::shared_ptr<const RbacConfig> config, RbacStats stats);
std::unique_ptr<NetworkFilter> make_network_rbac(std::shared_ptr<const RbacConfig> config, RbacStats stats);
extern const observe::StatSchema kRbacSchema;               ///< http.PREFIX.rbac.
extern const observe::StatSchema kNetworkRbacSchema;        ///< PREFIX.rbac.
extern const observe::StatSchema kRbacShadowSchema;         ///< http.PREFIX.rbac.SHADOW_PREFIX.
extern const observe::StatSchema kNetworkRbacShadowSchema;  ///< PREFIX.rbac.SHADOW_PREFIX.

// ---- fault ----

struct FaultConfig : route::PerFilterConfig {
  std::optional<Milliseconds> delay;
  bool delay_from_header = false;  ///< x-envoy-fault-delay-request, in ms
  route::Fraction delay_share;
  std::optional<uint16_t> abort_status;
  std::optional<int> abort_grpc;
  bool abort_from_header = false;  ///< x-envoy-fault-abort-request, -grpc-request
  route::Fraction abort_share;
  std::vector<http::HeaderMatcher> headers;  ///< all must match
  std::string upstream_cluster;              ///< empty: any
  uint32_t max_active = UINT32_MAX;
};
std::unique_ptr<Filter> make_fault(std::shared_ptr<const FaultConfig> config,
                                   std::shared_ptr<observe::StatGroup> stats);
extern const observe::StatSchema kFaultSchema;

// ---- local rate limit ----

struct LocalRateLimitConfig : route::PerFilterConfig {
  struct Descriptor {
    std::vector<std::pair<std::string, std::string>> entries;  ///< an empty value: any
    std::shared_ptr<TokenBucket> bucket;
  };
  std::shared_ptr<TokenBucket> bucket;      ///< null: no limit
  std::vector<Descriptor> descriptors;      ///< the first that matches is used, then `bucket` too
  uint64_t connection_key = 0;              ///< not 0: each connection has buckets like these of its own
  std::optional<route::Fraction> enabled;   ///< nullopt: none is asked (the filter is off)
  std::optional<route::Fraction> enforced;  ///< nullopt: counted only
  uint16_t status = 429;
  route::HeaderOps response_headers;
  bool resource_exhausted = false;  ///< gRPC RESOURCE_EXHAUSTED instead of UNAVAILABLE
  bool ratelimit_headers = false;   ///< x-ratelimit-limit, -remaining, -reset
  uint32_t stage = 0;
  std::string service_cluster;
  std::shared_ptr<observe::StatGroup> stats;
};
std::unique_ptr<Filter> make_local_rate_limit(std::shared_ptr<const LocalRateLimitConfig> config);
extern const observe::StatSchema kLocalRateLimitSchema;

// ---- csrf ----

struct CsrfConfig : route::PerFilterConfig {
  route::Fraction enabled;
  std::optional<route::Fraction> shadow;                ///< where it is not enabled: decided and counted, not enforced
  std::vector<http::StringMatcher> additional_origins;  ///< of host and port
};
std::unique_ptr<Filter> make_csrf(std::shared_ptr<const CsrfConfig> config, std::shared_ptr<observe::StatGroup> stats);
extern const observe::StatSchema kCsrfSchema;  ///< http.PREFIX.csrf.

// ---- basic auth ----

/// The SHA-1 of the password by name.
using BasicAuthUsers = std::map<std::string, std::string, std::less<>>;
struct BasicAuthConfig : route::PerFilterConfig {
  BasicAuthUsers users;
  std::string realm;                     ///< empty: the address of the request
  std::string forward_username_header;   ///< lower case; empty: none. Not of a route.
  std::string header = "authorization";  ///< lower case. Not of a route.
};
std::unique_ptr<Filter> make_basic_auth(std::shared_ptr<const BasicAuthConfig> config,
                                        std::shared_ptr<observe::StatGroup> stats);
extern const observe::StatSchema kBasicAuthSchema;  ///< http.PREFIX.basic_auth.

// ---- header mutation ----

struct HeaderMutationConfig : route::PerFilterConfig {
  route::HeaderOps request;
  route::HeaderOps response;
};
std::unique_ptr<Filter> make_header_mutation(std::shared_ptr<const HeaderMutationConfig> config);

// ---- header to metadata ----

struct HeaderToMetadataConfig : route::PerFilterConfig {
  struct Entry {
    std::string space, key;
    std::string value;                          ///< in place of the header's; empty: that one
    std::optional<http::RegexRewrite> rewrite;  ///< of the header's value
    bool number = false;                        ///< what is none is left out
    bool base64 = false;                        ///< likewise what is not encoded so
  };
  struct Rule {
    std::string header;  ///< lower case; of requests also pseudo-headers
    std::string cookie;  ///< in place of a header, of requests only
    std::optional<Entry> present, missing;
    bool remove = false;
  };
  std::vector<Rule> request, response;
};
std::unique_ptr<Filter> make_header_to_metadata(std::shared_ptr<const HeaderToMetadataConfig> config);

// ---- buffer ----

struct BufferConfig : route::PerFilterConfig {
  size_t max_bytes = 0;
};
std::unique_ptr<Filter> make_buffer(std::shared_ptr<const BufferConfig> config);

// ---- health check ----

struct HealthCheckConfig {
  bool pass_through = false;
  std::vector<http::HeaderMatcher> headers{};                 ///< all must match
  std::vector<std::pair<std::string, double>> min_healthy{};  ///< cluster, percent
  std::string service_cluster{};                              ///< told to who probes
  const std::atomic<bool>* failing = nullptr;                 ///< set by /healthcheck/fail
};
std::unique_ptr<Filter> make_health_check(HealthCheckConfig config);

// ---- limits of connections (network filters) ----

struct ConnectionLimitConfig {
  uint64_t max_connections = 1;
};
std::unique_ptr<NetworkFilter> make_connection_limit(ConnectionLimitConfig config,
                                                     std::shared_ptr<observe::StatGroup> stats);
extern const observe::StatSchema kConnectionLimitSchema;  ///< connection_limit.PREFIX.

std::unique_ptr<NetworkFilter> make_connection_rate_limit(std::shared_ptr<TokenBucket> bucket,
                                                          std::shared_ptr<observe::StatGroup> stats);
extern const observe::StatSchema kConnectionRateLimitSchema;  ///< local_rate_limit.PREFIX.

}  // namespace proa::filters
