// envoy.extensions.filters.http.grpc_stats.v3.FilterConfig
#pragma once

#include "config/compiler.h"
#include "envoy/extensions/filters/http/grpc_stats/v3/config.pb.h"
#include "filters/grpc_stats.h"

namespace proa::config {

class SupportedTable;

filters::GrpcStatsConfig compile_grpc_stats(const envoy::extensions::filters::http::grpc_stats::v3::FilterConfig& from,
                                            Compiler& compiler);
void add_grpc_stats_fields(SupportedTable& table);

}  // namespace proa::config
