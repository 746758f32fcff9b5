// envoy.extensions.filters.http.basic_auth.v3: users in htpasswd's form.
#pragma once

#include <memory>

#include "config/site.h"
#include "envoy/extensions/filters/http/basic_auth/v3/basic_auth.pb.h"
#include "filters/all.h"

namespace proa::config {

class SupportedTable;

std::shared_ptr<filters::BasicAuthConfig> compile_basic_auth(
    const envoy::extensions::filters::http::basic_auth::v3::BasicAuth& from, const Site& at);
std::shared_ptr<filters::BasicAuthConfig> compile_basic_auth(
    const envoy::extensions::filters::http::basic_auth::v3::BasicAuthPerRoute& from, const Site& at);
void add_basic_auth_fields(SupportedTable& table);

}  // namespace proa::config
