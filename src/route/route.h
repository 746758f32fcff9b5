// A compiled route: what the proxy does with a request that matched it. Everything is merged: the request path
// asks one object, never the virtual host or the table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "observe/metadata.h"
#include "observe/stats.h"
#include "route/forward.h"
#include "route/header_ops.h"
#include "route/per_filter.h"
#include "route/redirect.h"
#include "route/route_match.h"

namespace proa::route {

struct VirtualHost;

struct NonForwarding {};  ///< gRPC server side; the proxy answers 404

struct Decorator {
  std::string operation;  ///< the span's name
  bool propagate = true;  ///< x-envoy-decorator-operation on the response
};

using Action = std::variant<NonForwarding, std::shared_ptr<const Forward>, std::shared_ptr<const Redirect>,
                            std::shared_ptr<const DirectResponse>>;

/// Immutable; lives as long as its table. A route with weighted clusters is compiled into one Route for each,
/// and the table's match() returns the chosen one: `cluster` and the merged parts are always final.
struct Route {
  std::string name;
  uint32_t index = 0;  ///< in the virtual host's list
  const VirtualHost* virtual_host = nullptr;
  std::shared_ptr<const RouteMatch> match;
  Action action;
  std::string cluster;  ///< of Forward; empty when `cluster_header` names it
  std::string cluster_header;
  std::string host_rewrite_literal;                         ///< of a weighted cluster; before Forward::host_rewrite
  std::shared_ptr<const observe::Metadata> metadata_match;  ///< Forward's with the weighted cluster's over it
  HeaderOps request_headers;                                ///< flat: all levels in their order
  HeaderOps response_headers;
  PerFilter per_filter;  ///< most specific of all levels
  std::shared_ptr<const observe::Metadata> metadata;
  std::optional<Decorator> decorator;
  std::shared_ptr<observe::StatGroup> stats;          ///< schema kRouteSchema; null: no stat_prefix
  std::optional<uint64_t> request_body_buffer_limit;  ///< bytes; the route's, else the virtual host's
  /// One for each weighted cluster, with the sum of weights up to and including it; not empty only on the
  /// parent, which match() never returns.
  std::vector<std::pair<uint64_t, std::unique_ptr<Route>>> choices;

  const Forward* forward() const {
    auto* p = std::get_if<std::shared_ptr<const Forward>>(&action);
    return p ? p->get() : nullptr;
  }
  const Redirect* redirect() const {
    auto* p = std::get_if<std::shared_ptr<const Redirect>>(&action);
    return p ? p->get() : nullptr;
  }
  const DirectResponse* direct_response() const {
    auto* p = std::get_if<std::shared_ptr<const DirectResponse>>(&action);
    return p ? p->get() : nullptr;
  }
};

/// The cluster for this request: Route::cluster, or the value of its cluster_header (empty: answer 404).
std::string_view cluster_of(const Route& route, const http::RequestHead& request);

}  // namespace proa::route
