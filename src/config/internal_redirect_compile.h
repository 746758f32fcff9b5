// internal_redirect_compile: RouteAction.internal_redirect_policy and its predicates.
#pragma once

#include "config/site.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "route/internal_redirect.h"

namespace proa::config {

class SupportedTable;

route::InternalRedirect compile_internal_redirect(const envoy::config::route::v3::InternalRedirectPolicy& from,
                                                  const Site& at);
void add_internal_redirect_fields(SupportedTable& table);

}  // namespace proa::config
