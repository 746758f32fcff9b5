// RouteAction -> route::Forward: clusters, rewrites, time-outs, retries, mirrors, hashing.
#pragma once

#include <optional>

#include "config/compiler.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "route/forward.h"
#include "route/route_match.h"

namespace proa::config {

class SupportedTable;

/// Refers to a cluster that the file does not have (RouteConfiguration.validate_clusters, on by default).
void check_cluster(const std::string& name, const Site& at, const Compiler& compiler);

/// `match`: what the route matched, for template rewrites.
route::Forward compile_forward(const envoy::config::route::v3::RouteAction& from, const route::RouteMatch& match,
                               const Site& at, Compiler& compiler);
route::RetryPolicy compile_retry(const envoy::config::route::v3::RetryPolicy& from, const Site& at);
route::HedgePolicy compile_hedge(const envoy::config::route::v3::HedgePolicy& from);
std::vector<route::MirrorPolicy> compile_mirrors(
    const google::protobuf::RepeatedPtrField<envoy::config::route::v3::RouteAction::RequestMirrorPolicy>& from,
    const Site& at, const Compiler& compiler);

void add_forward_fields(SupportedTable& table);

}  // namespace proa::config
