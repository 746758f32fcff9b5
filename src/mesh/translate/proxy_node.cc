#include "mesh/translate/proxy_node.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/problems.h"
#include "envoy/config/core/v3/base.pb.h"

namespace proa::mesh {

namespace {

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = text.find(by);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Result<ProxyNode> proxy_node(const envoy::config::core::v3::Node& node) {
  const std::vector<std::string> parts = split(node.id(), '~');
  if (parts.size() != 4) {
    return fail(fmt::format("node id {} is not TYPE~IP~ID~DNSDOMAIN", config::shown(node.id())));
  }
  ProxyNode out;
  if (parts[0] == "router") {
    out.type = ProxyNode::Type::router;
  } else if (parts[0] != "sidecar") {
    return fail(fmt::format("node id {} has a type that is neither sidecar nor router", config::shown(node.id())));
  }
  const auto& metadata = node.metadata().fields();
  const auto text = [&](const char* name) {
    const auto found = metadata.find(name);
    return found == metadata.end() ? std::string() : found->second.string_value();
  };
  const std::string addresses = text("INSTANCE_IPS");
  out.addresses = split(addresses.empty() ? parts[1] : addresses, ',');
  out.id = parts[2];
  out.dns_domain = parts[3];
  out.ns = text("NAMESPACE");
  if (out.ns.empty()) out.ns = out.id.substr(out.id.find('.') + 1);
  out.cluster_id = text("CLUSTER_ID");
  out.network = text("NETWORK");
  out.service_account = text("SERVICE_ACCOUNT");
  if (const auto labels = metadata.find("LABELS"); labels != metadata.end()) {
    for (const auto& [key, value] : labels->second.struct_value().fields()) {
      out.labels.emplace(key, value.string_value());
    }
  }
  out.region = node.locality().region();
  out.zone = node.locality().zone();
  out.subzone = node.locality().sub_zone();
  out.mesh_id = text("MESH_ID");
  out.intercepts = text("INTERCEPTION_MODE") != "NONE";
  out.http10 = text("HTTP10") == "1";
  out.istio_filters =
      node.user_agent_name() == "proa-proxy" ||
      std::ranges::any_of(node.extensions(), [](const auto& each) { return each.name() == "istio.stats"; });
  return out;
}

}  // namespace proa::mesh
