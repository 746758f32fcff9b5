#include "config/grpc_stats_compile.h"

#include "config/supported.h"

namespace proa::config {

namespace v3 = envoy::extensions::filters::http::grpc_stats::v3;

filters::GrpcStatsConfig compile_grpc_stats(const v3::FilterConfig& from, Compiler& compiler) {
  filters::GrpcStatsConfig to;
  to.filter_state = from.emit_filter_state();
  to.all_methods = from.stats_for_all_methods().value();
  for (const auto& service : from.individual_method_stats_allowlist().services()) {
    for (const std::string& method : service.method_names()) to.methods.insert({service.name(), method});
  }
  to.dots_to_underscores = from.replace_dots_in_grpc_service_name();
  to.upstream_time = from.enable_upstream_stats();
  to.stats = compiler.shared.dynamic_stats();
  return to;
}

void add_grpc_stats_fields(SupportedTable& table) {
  table.add(
      supported<v3::FilterConfig>({"emit_filter_state", "individual_method_stats_allowlist", "stats_for_all_methods",
                                   "enable_upstream_stats", "replace_dots_in_grpc_service_name"}));
  table.add(supported<envoy::config::core::v3::GrpcMethodList>({"services"}));
  table.add(supported<envoy::config::core::v3::GrpcMethodList::Service>({"name", "method_names"}));
}

}  // namespace proa::config
