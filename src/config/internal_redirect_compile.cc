#include "config/internal_redirect_compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/supported.h"
#include "config/typed_payload.h"
#include "envoy/extensions/internal_redirect/allow_listed_routes/v3/allow_listed_routes_config.pb.h"
#include "envoy/extensions/internal_redirect/previous_routes/v3/previous_routes_config.pb.h"
#include "envoy/extensions/internal_redirect/safe_cross_scheme/v3/safe_cross_scheme_config.pb.h"
#include "http/string_matcher.h"

namespace proa::config {

namespace rv3 = envoy::config::route::v3;
namespace predicates = envoy::extensions::internal_redirect;

namespace {

constexpr std::array<uint32_t, 5> kRedirects{301, 302, 303, 307, 308};

void compile_codes(const rv3::InternalRedirectPolicy& from, route::InternalRedirect& to, const Site& at) {
  if (from.redirect_response_codes().empty()) return;
  to.codes.clear();
  const Site list = at / "redirect_response_codes";
  for (int i = 0; i < from.redirect_response_codes_size(); ++i) {
    const uint32_t code = from.redirect_response_codes(i);
    if (std::ranges::find(kRedirects, code) != kRedirects.end()) {
      to.codes.push_back(static_cast<uint16_t>(code));
    } else {
      list[static_cast<size_t>(i)].warning(fmt::format("{} is no redirect and is ignored, as by Envoy", code));
    }
  }
}

void compile_predicates(const rv3::InternalRedirectPolicy& from, route::InternalRedirect& to, const Site& at) {
  const Site list = at / "predicates";
  for (int i = 0; i < from.predicates_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    Result<Payload> payload = open_any(from.predicates(i).typed_config());
    if (!payload) continue;  // check_supported names it
    const google::protobuf::Message* message = payload->message.get();
    if (dynamic_cast<const predicates::previous_routes::v3::PreviousRoutesConfig*>(message)) {
      to.previous_routes = true;
    } else if (dynamic_cast<const predicates::safe_cross_scheme::v3::SafeCrossSchemeConfig*>(message)) {
      // Without allow_cross_scheme_redirect, no other scheme is followed at all.
      if (from.allow_cross_scheme_redirect()) to.cross_scheme = route::CrossScheme::kSafe;
    } else if (auto* allowed =
                   dynamic_cast<const predicates::allow_listed_routes::v3::AllowListedRoutesConfig*>(message)) {
      to.allowed_routes.emplace(allowed->allowed_route_names().begin(), allowed->allowed_route_names().end());
    } else {
      item.error("is no predicate of internal redirects",
                 "use previous_routes, allow_listed_routes or safe_cross_scheme");
    }
  }
}

}  // namespace

route::InternalRedirect compile_internal_redirect(const rv3::InternalRedirectPolicy& from, const Site& at) {
  route::InternalRedirect to;
  to.enabled = true;
  if (from.has_max_internal_redirects()) to.max_redirects = from.max_internal_redirects().value();
  if (from.allow_cross_scheme_redirect()) to.cross_scheme = route::CrossScheme::kAlways;
  compile_codes(from, to, at);
  compile_predicates(from, to, at);
  const Site headers = at / "response_headers_to_copy";
  for (int i = 0; i < from.response_headers_to_copy_size(); ++i) {
    std::string name = http::to_lower(from.response_headers_to_copy(i));
    if (name.starts_with(':') || name == "host") {
      headers[static_cast<size_t>(i)].error("names a part of the request's target", "leave it out");
    }
    to.response_headers_to_copy.push_back(std::move(name));
  }
  return to;
}

void add_internal_redirect_fields(SupportedTable& table) {
  table.add(supported<rv3::InternalRedirectPolicy>({"max_internal_redirects", "redirect_response_codes", "predicates",
                                                    "allow_cross_scheme_redirect", "response_headers_to_copy"}));
  table.add(supported<predicates::previous_routes::v3::PreviousRoutesConfig>({}));
  table.add(supported<predicates::safe_cross_scheme::v3::SafeCrossSchemeConfig>({}));
  table.add(supported<predicates::allow_listed_routes::v3::AllowListedRoutesConfig>({"allowed_route_names"}));
}

}  // namespace proa::config
