// Routing: from a request to its Route, in a time that does not grow with the list of routes.
//
//   host -> virtual host    exact, longest *.suffix, longest prefix.*, "*"
//   path -> candidates      hash of exact paths, trie of prefixes, one set of expressions; in list order
//   candidates -> route     the first whose conditions hold (Envoy's first match in list order)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "route/route.h"
#include "route/route_match.h"

namespace proa::route {

enum class TlsRequirement : uint8_t { kNone, kExternalOnly, kAll };

struct RouteSpec {
  std::string name;
  RouteMatch match;
  std::variant<NonForwarding, Forward, Redirect, DirectResponse> action;
  MessageOps headers;
  PerFilter per_filter;
  std::shared_ptr<const observe::Metadata> metadata;
  std::optional<Decorator> decorator;
  std::shared_ptr<observe::StatGroup> stats;
  std::optional<uint64_t> request_body_buffer_limit;
};

struct VirtualCluster {
  std::string name;  ///< empty: the one of all that no other takes
  std::vector<http::HeaderMatcher> headers;
  std::shared_ptr<observe::StatGroup> stats;  ///< schema kVirtualClusterSchema; null: not counted
};

struct VirtualHostSpec {
  std::string name;
  std::vector<std::string> domains;
  std::vector<RouteSpec> routes;
  TlsRequirement require_tls = TlsRequirement::kNone;
  MessageOps headers;
  PerFilter per_filter;
  std::optional<RetryPolicy> retry;
  std::optional<HedgePolicy> hedge;
  std::vector<RateLimit> rate_limits;
  std::vector<MirrorPolicy> mirrors;
  std::vector<VirtualCluster> virtual_clusters;
  std::optional<uint64_t> request_body_buffer_limit;
  bool include_request_attempt_count = false;
  bool include_attempt_count_in_response = false;
  bool include_is_timeout_retry_header = false;
  std::shared_ptr<const observe::Metadata> metadata;
};

struct RouteTableSpec {
  std::string name;
  std::vector<VirtualHostSpec> virtual_hosts;
  MessageOps headers;
  PerFilter per_filter;
  std::vector<MirrorPolicy> mirrors;
  std::vector<std::string> internal_only_headers;
  bool most_specific_header_mutations_wins = false;
  bool ignore_port_in_host_matching = false;
  bool ignore_path_parameters_in_path_matching = false;
  std::string vhost_header;  ///< selects by this header's value instead of the host
  std::shared_ptr<const observe::Metadata> metadata;
};

class PathIndex;
class Domains;

/// What the proxy may ask of a request's virtual host.
struct VirtualHost {
  std::string name;
  TlsRequirement require_tls = TlsRequirement::kNone;
  std::vector<VirtualCluster> virtual_clusters;
  bool include_request_attempt_count = false;
  bool include_attempt_count_in_response = false;
  bool include_is_timeout_retry_header = false;
  std::shared_ptr<const observe::Metadata> metadata;
  std::vector<std::unique_ptr<Route>> routes;  ///< in list order
  std::unique_ptr<Route> tls_redirect;         ///< taken when require_tls asks for it
  std::unique_ptr<PathIndex> index;

  VirtualHost();
  ~VirtualHost();
};

/// The first whose headers match; null: there is none.
const VirtualCluster* virtual_cluster_of(const VirtualHost& host, const http::RequestHead& request);

/// Why a request takes the route it takes: what /explain prints.
struct Explanation {
  struct Rejected {
    uint32_t index;
    std::string name;
    std::string match;   ///< `prefix "/a"`
    std::string reason;  ///< `path "/b" does not begin with it`, or the condition that fails
    bool path_matched;
  };
  std::string virtual_host;         ///< empty: none
  std::string virtual_host_reason;  ///< `host "a.example.com" has the suffix of domain "*.example.com"`
  std::vector<Rejected> rejected;   ///< the routes before the chosen one, in list order
  const Route* route = nullptr;     ///< null: no route
  std::string route_reason;         ///< how it matched, which weighted cluster and why
};

/// Immutable; used by all workers. Routes live as long as the table: keep the shared_ptr for the exchange.
class RouteTable {
 public:
  /// Fails, naming virtual host and route, for duplicate domains, empty weights, and what else Envoy refuses.
  static Result<std::shared_ptr<const RouteTable>> make(RouteTableSpec spec);
  ~RouteTable();

  /// Null when no virtual host or no route matches. Allocates nothing.
  const Route* match(const MatchInput& input) const;
  /// Only the first step.
  const VirtualHost* find_virtual_host(const MatchInput& input) const;
  /// The same question answered in words, by the same matcher. Slow.
  Explanation explain(const MatchInput& input) const;

  const std::string& name() const { return name_; }
  const std::vector<std::unique_ptr<VirtualHost>>& virtual_hosts() const { return virtual_hosts_; }
  const std::vector<std::string>& internal_only_headers() const { return internal_only_headers_; }
  const std::shared_ptr<const observe::Metadata>& metadata() const { return metadata_; }

 private:
  RouteTable();
  std::string name_;
  std::vector<std::unique_ptr<VirtualHost>> virtual_hosts_;
  std::unique_ptr<Domains> domains_;
  std::vector<std::string> internal_only_headers_;
  bool ignore_port_ = false;
  bool ignore_path_parameters_ = false;
  std::string vhost_header_;
  std::shared_ptr<const observe::Metadata> metadata_;
};

}  // namespace proa::route
