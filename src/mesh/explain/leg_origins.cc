#include "mesh/explain/leg_origins.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "mesh/model/select.h"
#include "mesh/push/resource_type.h"

namespace proa::mesh {

namespace {

using Origins = std::vector<std::pair<std::string, Origin>>;

void add(Origins& to, const char* what, const Origin& origin) {
  std::pair<std::string, Origin> entry(what, origin);
  if (!origin.object.empty() && std::ranges::find(to, entry) == to.end()) to.push_back(std::move(entry));
}

void add_resource(Origins& to, const char* what, const ResourceSet& set, std::string_view type,
                  const std::string& name) {
  const auto of_type = set.types.find(std::string(type));
  if (of_type == set.types.end()) return;
  const auto found = of_type->second.find(name);
  if (found != of_type->second.end()) add(to, what, found->second->origin);
}

/// Between `begin` and `end`, from `from` on, which moves behind it; empty: not there.
std::string between(std::string_view text, std::string_view begin, std::string_view end, std::size_t& from) {
  const std::size_t at = text.find(begin, from);
  if (at == std::string_view::npos) return "";
  const std::size_t first = at + begin.size(), last = text.find(end, first);
  if (last == std::string_view::npos) return "";
  from = last;
  return std::string(text.substr(first, last - first));
}

/// By the name of the object that translation leaves in a route's metadata.
void add_route(Origins& to, const World& world, const std::string& metadata) {
  if (metadata.empty()) return;
  const auto json = nlohmann::json::parse(metadata, nullptr, /*allow_exceptions=*/false);
  const auto istio = json.find("istio");
  if (istio == json.end() || !istio->contains("config")) return;
  const std::string config = istio->at("config").get<std::string>();
  std::size_t at = 0;
  const std::string ns = between(config, "/namespaces/", "/", at);
  const std::string name = config.substr(config.rfind('/') + 1);
  if (const VirtualService* object = world.table<VirtualService>().find(ns, name)) {
    return add(to, "route", object->meta.origin);
  }
  to.emplace_back("route", Origin{.object = config});
}

/// Policies are named "ns[shop]-policy[cart]-rule[0]".
void add_policies(Origins& to, const World& world, const std::vector<proxy::ExplainedFilter>& filters) {
  for (const auto& filter : filters) {
    if (!filter.foreseen) continue;
    std::size_t at = 0;
    while (true) {
      const std::string ns = between(filter.foreseen->why, "ns[", "]", at);
      const std::string name = between(filter.foreseen->why, "-policy[", "]", at);
      if (ns.empty() || name.empty()) break;
      if (const auto* object = world.table<AuthorizationPolicy>().find(ns, name)) {
        add(to, "policy", object->meta.origin);
      }
    }
  }
}

}  // namespace

Origins leg_origins(const World& world, const ResourceSet& set, const proxy::Explanation& way) {
  Origins out;
  add_resource(out, "listener", set, kListenerType, way.listener);
  add_policies(out, world, way.network_filters);
  add_policies(out, world, way.filters);
  if (way.route) add_route(out, world, way.route->metadata);
  add_resource(out, "cluster", set, kClusterType, way.cluster);
  add_resource(out, "endpoints", set, kEndpointsType, way.cluster);
  return out;
}

void add_peer_authentication(const World& world, const ProxyNode& node, Leg& to) {
  for (const auto& policy : policies_for<PeerAuthentication>(world, node.ns, node.labels)) {
    add(to.origins, "mTLS mode", policy->meta.origin);
  }
}

}  // namespace proa::mesh
