#include "mesh/model/mesh_defaults.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <string>

#include "istio/mesh/v1alpha1/config.pb.h"

namespace proa::mesh {

namespace {

namespace pb = google::protobuf;
using istio::mesh::v1alpha1::MeshConfig;
using istio::mesh::v1alpha1::ProxyConfig;

ProxyConfig default_proxy_config() {
  ProxyConfig out;
  out.set_config_path("./etc/istio/proxy");
  out.set_service_cluster("istio-proxy");
  out.mutable_drain_duration()->set_seconds(45);
  out.mutable_termination_drain_duration()->set_seconds(5);
  out.set_proxy_admin_port(15000);
  out.set_control_plane_auth_policy(istio::mesh::v1alpha1::MUTUAL_TLS);
  out.set_discovery_address("istiod.istio-system.svc:15012");
  out.set_binary_path("/usr/local/bin/envoy");
  out.set_stat_name_length(189);
  out.set_status_port(15020);
  return out;
}

/// Takes over what `written` has, and drops what the mapping sets to a zero, which a message cannot tell from absent.
void override_with(pb::Message& base, const pb::Message& written, const config::Node& node) {
  const pb::Descriptor& type = *base.GetDescriptor();
  for (std::size_t i = 0; i < node.size(); ++i) {
    const std::string name(node.key(i).text());
    const pb::FieldDescriptor* field = type.FindFieldByName(name);
    if (field == nullptr) field = type.FindFieldByCamelcaseName(name);
    for (int n = 0; field == nullptr && n < type.field_count(); ++n) {
      if (type.field(n)->json_name() == name) field = type.field(n);
    }
    // A map adds to the default's.
    if (field != nullptr && !field->is_map() && !node.value(i).is_null())
      base.GetReflection()->ClearField(&base, field);
  }
  base.MergeFrom(written);
}

void merge_providers(const MeshConfig& defaults, MeshConfig& out) {
  const auto written = out.extension_providers();
  *out.mutable_extension_providers() = defaults.extension_providers();
  for (const auto& provider : written) {
    auto& known = *out.mutable_extension_providers();
    const auto same = std::ranges::find_if(known, [&](const auto& each) { return each.name() == provider.name(); });
    *(same == known.end() ? out.add_extension_providers() : &*same) = provider;
  }
}

}  // namespace

MeshConfig default_mesh_config() {
  MeshConfig out;
  out.set_enable_tracing(true);
  out.mutable_protocol_detection_timeout();
  out.set_ingress_service("istio-ingressgateway");
  out.set_ingress_controller_mode(MeshConfig::STRICT);
  out.set_ingress_class("istio");
  out.set_trust_domain("cluster.local");
  out.mutable_enable_auto_mtls()->set_value(true);
  out.mutable_outbound_traffic_policy()->set_mode(MeshConfig::OutboundTrafficPolicy::ALLOW_ANY);
  out.mutable_inbound_traffic_policy()->set_mode(MeshConfig::InboundTrafficPolicy::PASSTHROUGH);
  out.mutable_locality_lb_setting()->mutable_enabled()->set_value(true);
  *out.mutable_default_config() = default_proxy_config();
  out.set_root_namespace("istio-system");
  out.set_proxy_listen_port(15001);
  out.set_proxy_inbound_listen_port(15006);
  out.mutable_connect_timeout()->set_seconds(10);
  out.add_default_service_export_to("*");
  out.add_default_virtual_service_export_to("*");
  out.add_default_destination_rule_export_to("*");
  out.mutable_dns_refresh_rate()->set_seconds(60);
  out.mutable_enable_prometheus_merge()->set_value(true);
  out.mutable_default_providers();
  auto* prometheus = out.add_extension_providers();
  prometheus->set_name("prometheus");
  prometheus->mutable_prometheus();
  auto* stackdriver = out.add_extension_providers();
  stackdriver->set_name("stackdriver");
  stackdriver->mutable_stackdriver();
  auto* envoy = out.add_extension_providers();
  envoy->set_name("envoy");
  envoy->mutable_envoy_file_access_log()->set_path("/dev/stdout");
  return out;
}

MeshConfig with_defaults(const MeshConfig& written, const config::Node& node) {
  const MeshConfig defaults = default_mesh_config();
  MeshConfig out = defaults;
  override_with(out, written, node);
  *out.mutable_default_config() = defaults.default_config();
  *out.mutable_default_providers() = defaults.default_providers();
  if (const auto config = node.find("defaultConfig"); config && config->is_mapping()) {
    override_with(*out.mutable_default_config(), written.default_config(), *config);
  }
  if (const auto providers = node.find("defaultProviders"); providers && providers->is_mapping()) {
    override_with(*out.mutable_default_providers(), written.default_providers(), *providers);
  }
  if (node.find("extensionProviders")) merge_providers(defaults, out);
  return out;
}

}  // namespace proa::mesh
