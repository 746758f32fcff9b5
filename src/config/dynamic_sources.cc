#include "config/dynamic_sources.h"

#include "config/supported.h"

namespace proa::config {

namespace core = envoy::config::core::v3;

void add_dynamic_source_fields(SupportedTable& table) {
  table.add(
      supported<core::ConfigSource>({"path", "path_config_source", "api_config_source", "ads", "initial_fetch_timeout"})
          .harmless({"resource_api_version"}, "it is always v3")
          .security({"self", "authorities"}));
  table.add(supported<core::PathConfigSource>({"path", "watched_directory"}));
  table.add(supported<core::WatchedDirectory>({"path"}));
  table.add(supported<core::AggregatedConfigSource>({}));
  table.add(supported<core::ApiConfigSource>(
                {"api_type", "grpc_services", "rate_limit_settings", "set_node_on_first_message_only"})
                .harmless({"transport_api_version"}, "it is always v3")
                .harmless({"refresh_delay", "request_timeout"}, "of the polling kinds, which are refused")
                .only("api_type", {"GRPC", "DELTA_GRPC", "AGGREGATED_GRPC", "AGGREGATED_DELTA_GRPC"}));
  table.add(supported<core::RateLimitSettings>({"max_tokens", "fill_rate"}));
}

}  // namespace proa::config
