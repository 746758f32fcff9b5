#include "mesh/translate/agent_secret.h"

namespace proa::mesh {

void set_agent_secret(std::string name, bool wait,
                      envoy::extensions::transport_sockets::tls::v3::SdsSecretConfig& out) {
  out.set_name(std::move(name));
  auto& config = *out.mutable_sds_config();
  auto& api = *config.mutable_api_config_source();
  api.set_api_type(envoy::config::core::v3::ApiConfigSource::GRPC);
  api.set_transport_api_version(envoy::config::core::v3::V3);
  api.add_grpc_services()->mutable_envoy_grpc()->set_cluster_name("sds-grpc");
  api.set_set_node_on_first_message_only(true);
  if (wait) config.mutable_initial_fetch_timeout();
  config.set_resource_api_version(envoy::config::core::v3::V3);
}

}  // namespace proa::mesh
