// A service outside says whether a request may pass. Source: envoy.extensions.filters.http.ext_authz.v3.ExtAuthz.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "filters/authorization.h"
#include "filters/filter.h"
#include "filters/network_filter.h"
#include "observe/dynamic_stats.h"
#include "observe/metadata_matcher.h"
#include "observe/stats.h"
#include "route/fraction.h"
#include "route/per_filter.h"

namespace proa::filters {

struct ExtAuthzConfig {
  AuthorizationService service;
  bool failure_allows = false;   ///< a service that does not answer lets pass
  bool tell_of_failure = false;  ///< the upstream, that it did so
  bool clear_route = false;      ///< after headers have changed
  uint16_t status_on_error = 403;
  std::optional<route::Fraction> enabled{};                       ///< nullopt: all
  std::optional<observe::MetadataMatcher> enabled_by_metadata{};  ///< nullopt: all
  bool deny_when_disabled = false;
};

/// Of a route.
struct ExtAuthzRouteConfig : route::PerFilterConfig {
  HeaderPairs context;  ///< context_extensions
};

/// `by_cluster` counts by the cluster that the request would go to: cluster.NAME.ext_authz.
std::unique_ptr<Filter> make_ext_authz(std::shared_ptr<const ExtAuthzConfig> config,
                                       std::shared_ptr<observe::StatGroup> stats,
                                       std::shared_ptr<observe::DynamicStats> by_cluster);
extern const observe::StatSchema kExtAuthzSchema;  ///< http.PREFIX.ext_authz.

/// The same for a connection.
std::unique_ptr<NetworkFilter> make_network_ext_authz(std::shared_ptr<const ExtAuthzConfig> config,
                                                      std::shared_ptr<observe::StatGroup> stats);
extern const observe::StatSchema kNetworkExtAuthzSchema;  ///< ext_authz.PREFIX.

}  // namespace proa::filters
