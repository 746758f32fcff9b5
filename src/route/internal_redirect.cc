#include "route/internal_redirect.h"

#include <algorithm>

#include "http/message.h"
#include "http/uri.h"

namespace proa::route {

bool InternalRedirect::covers(uint16_t status) const {
  return enabled && std::ranges::find(codes, status) != codes.end();
}

std::optional<RedirectTarget> redirect_target(std::string_view location) {
  http::RequestTarget parsed;
  // A fragment is between the client and itself.
  const std::string_view url = location.substr(0, location.find('#'));
  if (!http::parse_request_target(url, http::Method::kGet, parsed).empty()) return std::nullopt;
  if (parsed.form != http::TargetForm::kAbsolute) return std::nullopt;
  return RedirectTarget{parsed.scheme, parsed.authority, parsed.path};
}

RedirectVerdict judge_redirect(const InternalRedirect& policy, const RedirectHistory& history,
                               std::string_view own_scheme, const RedirectTarget& target) {
  if (policy.cross_scheme == CrossScheme::kNever && own_scheme != target.scheme) return RedirectVerdict::kUnsafeScheme;
  return history.followed < policy.max_redirects ? RedirectVerdict::kFollow : RedirectVerdict::kTooMany;
}

RedirectVerdict judge_route(const InternalRedirect& policy, RedirectHistory& history, std::string_view own_scheme,
                            const RedirectTarget& target, std::string_view from_route, std::string_view to_route) {
  if (policy.cross_scheme == CrossScheme::kSafe && own_scheme == "http" && target.scheme == "https") {
    return RedirectVerdict::kPredicate;
  }
  if (policy.allowed_routes && std::ranges::find(*policy.allowed_routes, to_route) == policy.allowed_routes->end()) {
    return RedirectVerdict::kPredicate;
  }
  if (policy.previous_routes) {
    std::pair<std::string, std::string> step{from_route, to_route};
    if (std::ranges::find(history.steps, step) != history.steps.end()) return RedirectVerdict::kPredicate;
    history.steps.push_back(std::move(step));
  }
  return RedirectVerdict::kFollow;
}

}  // namespace proa::route
