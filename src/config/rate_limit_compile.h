// rate_limits of routes and virtual hosts -> route::RateLimit.
#pragma once

#include <vector>

#include "config/site.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "route/rate_limit.h"

namespace proa::config {

class SupportedTable;

std::vector<route::RateLimit> compile_rate_limits(
    const google::protobuf::RepeatedPtrField<envoy::config::route::v3::RateLimit>& from, const Site& at);

void add_rate_limit_fields(SupportedTable& table);

}  // namespace proa::config
