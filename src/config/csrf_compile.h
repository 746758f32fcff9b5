// envoy.extensions.filters.http.csrf.v3.CsrfPolicy, which configures the filter and a route's part of it.
#pragma once

#include <memory>

#include "config/site.h"
#include "envoy/extensions/filters/http/csrf/v3/csrf.pb.h"
#include "filters/all.h"

namespace proa::config {

class SupportedTable;

std::shared_ptr<filters::CsrfConfig> compile_csrf(const envoy::extensions::filters::http::csrf::v3::CsrfPolicy& from,
                                                  const Site& at);
void add_csrf_fields(SupportedTable& table);

}  // namespace proa::config
