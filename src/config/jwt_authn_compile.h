// envoy.extensions.filters.http.jwt_authn.v3
#pragma once

#include <memory>
#include <string>

#include "config/compiler.h"
#include "config/site.h"
#include "envoy/extensions/filters/http/jwt_authn/v3/config.pb.h"
#include "filters/jwt_authn.h"

namespace proa::config {

class SupportedTable;

/// `stats` is still to be set.
filters::JwtAuthnConfig compile_jwt_authn(
    const envoy::extensions::filters::http::jwt_authn::v3::JwtAuthentication& from, const Site& at);
std::shared_ptr<filters::JwtRouteConfig> compile_jwt_route(
    const envoy::extensions::filters::http::jwt_authn::v3::PerRouteConfig& from);

void add_jwt_authn_fields(SupportedTable& table);

}  // namespace proa::config
