#include "mesh/explain/service_use.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "config/write_yaml.h"
#include "mesh/push/resource_type.h"
#include "mesh/traffic/prometheus_text.h"

namespace proa::mesh {

namespace {

using config::yaml_quoted;
using nlohmann::json;

constexpr std::string_view kConnections = "envoy_cluster_upstream_cx_total";

/// Of "outbound|9080|v1|reviews.shop.svc.cluster.local"; empty for other clusters.
std::string host_of(std::string_view cluster) {
  if (!cluster.starts_with("outbound|")) return "";
  return std::string(cluster.substr(cluster.rfind('|') + 1));
}

/// The name that a cluster's statistics go by. Istio ends it with ";", which its Envoy takes off again.
std::string stat_name_of(const json& cluster, const std::string& name) {
  const auto found = cluster.is_object() ? cluster.find("alt_stat_name") : cluster.end();
  std::string out = found != cluster.end() && found->is_string() ? found->get<std::string>() : name;
  if (out.ends_with(';')) out.pop_back();
  return out;
}

std::string namespace_of(const json& read) {
  const json::json_pointer at("/metadata/filter_metadata/istio/services/0/namespace");
  return read.is_object() && read.contains(at) && read.at(at).is_string() ? read.at(at).get<std::string>() : "";
}

std::string text_at(const envoy::config::core::v3::Node& node, const std::string& name) {
  const auto found = node.metadata().fields().find(name);
  return found == node.metadata().fields().end() ? std::string() : found->second.string_value();
}

/// By "app" alone where there is one: other labels differ between versions of a workload.
std::map<std::string, std::string> selector_of(const envoy::config::core::v3::Node& node) {
  std::map<std::string, std::string> all;
  const auto labels = node.metadata().fields().find("LABELS");
  if (labels == node.metadata().fields().end()) return all;
  for (const auto& [name, value] : labels->second.struct_value().fields()) all[name] = value.string_value();
  const auto app = all.find("app");
  return app == all.end() ? all : std::map<std::string, std::string>{*app};
}

}  // namespace

Result<std::vector<ServiceUse>> service_use(const HeldConfig& held, std::string_view prometheus) {
  auto samples = read_prometheus(prometheus, {std::string(kConnections)});
  if (!samples) return std::unexpected(samples.error());
  std::map<std::string, ServiceUse> all;
  std::map<std::string, ServiceUse*> by_stat_name;
  for (const HeldResource& each : held.resources) {
    const std::string host = each.type == kClusterType ? host_of(each.name) : "";
    if (host.empty()) continue;
    ServiceUse& use = all[host];
    use.host = host;
    const json cluster = json::parse(each.json, nullptr, /*allow_exceptions=*/false);
    if (use.ns.empty()) use.ns = namespace_of(cluster);
    by_stat_name[stat_name_of(cluster, each.name)] = &use;
  }
  for (const Sample& sample : *samples) {
    const auto label = sample.labels.find("envoy_cluster_name");
    if (label == sample.labels.end() || !(sample.value > 0)) continue;
    std::string name = label->second;
    if (name.ends_with(';')) name.pop_back();
    if (const auto found = by_stat_name.find(name); found != by_stat_name.end())
      found->second->connections += sample.value;
  }
  std::vector<ServiceUse> out;
  for (auto& [host, use] : all) out.push_back(std::move(use));
  return out;
}

std::string sidecar_object(const envoy::config::core::v3::Node& node, const std::vector<ServiceUse>& use) {
  const std::string ns = text_at(node, "NAMESPACE");
  const auto selector = selector_of(node);
  if (ns.empty() || selector.empty()) return "";
  std::string name = text_at(node, "WORKLOAD_NAME");
  if (name.empty()) name = selector.begin()->second;
  std::string out = fmt::format(
      "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {{name: {}, namespace: {}}}\nspec:\n"
      "  workloadSelector:\n    labels:\n",
      yaml_quoted(name), yaml_quoted(ns));
  for (const auto& [label, value] : selector) out += fmt::format("      {}: {}\n", label, yaml_quoted(value));
  out += "  egress:\n  - hosts:\n";
  bool any = false;
  for (const ServiceUse& each : use) {
    if (!each.called()) continue;
    out += fmt::format("    - {}\n", yaml_quoted((each.ns.empty() ? "*" : each.ns) + "/" + each.host));
    any = true;
  }
  if (!any) out += "    - \"~/*\"\n";  // none
  return out;
}

}  // namespace proa::mesh
