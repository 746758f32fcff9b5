// Redirects that the proxy follows itself: what a route's policy allows, and what a Location asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace proa::route {

enum class CrossScheme : uint8_t {
  kNever,
  kAlways,
  kSafe,  ///< never from http to https
};

/// RouteAction.internal_redirect_policy, with its predicates.
struct InternalRedirect {
  bool enabled = false;
  uint32_t max_redirects = 1;        ///< of one client's request, over all its routes
  std::vector<uint16_t> codes{302};  ///< statuses that are followed
  CrossScheme cross_scheme = CrossScheme::kNever;
  bool previous_routes = false;                                 ///< a route leads to another one only once
  std::optional<std::vector<std::string>> allowed_routes = {};  ///< names of targets; nullopt: all
  std::vector<std::string> response_headers_to_copy = {};       ///< lower case

  bool covers(uint16_t status) const;
};

struct RedirectTarget {
  std::string_view scheme;     ///< "http" or "https" (static)
  std::string_view authority;  ///< a slice of the Location
  std::string_view path;       ///< with the query, without the fragment; begins with "/"
};
/// Of an absolute http or https URL; nullopt: the client has to look at it.
std::optional<RedirectTarget> redirect_target(std::string_view location);

/// What has been followed for one client's request.
struct RedirectHistory {
  uint32_t followed = 0;
  std::vector<std::pair<std::string, std::string>> steps = {};  ///< from, to: of routes that ask for it
};

enum class RedirectVerdict : uint8_t { kFollow, kUnsafeScheme, kTooMany, kPredicate };
/// What can be said before a route is looked for.
RedirectVerdict judge_redirect(const InternalRedirect& policy, const RedirectHistory& history,
                               std::string_view own_scheme, const RedirectTarget& target);
/// The predicates, which look at the route of the target. Notes the step in `history`.
RedirectVerdict judge_route(const InternalRedirect& policy, RedirectHistory& history, std::string_view own_scheme,
                            const RedirectTarget& target, std::string_view from_route, std::string_view to_route);

}  // namespace proa::route
