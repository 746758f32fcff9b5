// envoy.extensions.filters.http.ext_authz.v3 and envoy.extensions.filters.network.ext_authz.v3
#pragma once

#include <memory>

#include "config/compiler.h"
#include "config/site.h"
#include "envoy/extensions/filters/http/ext_authz/v3/ext_authz.pb.h"
#include "envoy/extensions/filters/network/ext_authz/v3/ext_authz.pb.h"
#include "filters/ext_authz.h"

namespace proa::config {

class SupportedTable;

std::shared_ptr<const filters::ExtAuthzConfig> compile_ext_authz(
    const envoy::extensions::filters::http::ext_authz::v3::ExtAuthz& from, const Site& at);
std::shared_ptr<const filters::ExtAuthzConfig> compile_network_ext_authz(
    const envoy::extensions::filters::network::ext_authz::v3::ExtAuthz& from, const Site& at);
std::shared_ptr<filters::ExtAuthzRouteConfig> compile_ext_authz_route(
    const envoy::extensions::filters::http::ext_authz::v3::ExtAuthzPerRoute& from);

void add_ext_authz_fields(SupportedTable& table);

}  // namespace proa::config
