#include "mesh/translate/scope.h"

#include <algorithm>
#include <map>
#include <set>

#include "mesh/model/select.h"
#include "mesh/translate/delegates.h"
#include "mesh/translate/imports.h"
#include "mesh/translate/service_routes.h"

namespace proa::mesh {

namespace {

std::vector<std::string> texts(const google::protobuf::RepeatedPtrField<std::string>& list) {
  return {list.begin(), list.end()};
}

/// Every host that a route sends to.
void destinations_of(const VirtualService& route, std::string_view domain, std::set<std::string>& out) {
  const auto add = [&](const auto& destination) {
    out.insert(full_host_name(destination.host(), route.meta.ns, domain));
  };
  for (const auto& http : route.spec.http()) {
    for (const auto& each : http.route()) add(each.destination());
    if (http.has_mirror()) add(http.mirror());
    for (const auto& each : http.mirrors()) add(each.destination());
  }
  for (const auto& tls : route.spec.tls()) {
    for (const auto& each : tls.route()) add(each.destination());
  }
  for (const auto& tcp : route.spec.tcp()) {
    for (const auto& each : tcp.route()) add(each.destination());
  }
}

}  // namespace

Scope scope_of(const World& world, const ProxyNode& node) {
  Scope scope;
  const bool sidecar = node.type == ProxyNode::Type::sidecar;
  if (sidecar) scope.sidecar = sidecar_for(world, node.ns, node.labels);
  const Imports imports(scope.sidecar.get(), node.ns);
  const std::vector<std::string> service_default = texts(world.mesh().default_service_export_to());
  const std::vector<std::string> route_default = texts(world.mesh().default_virtual_service_export_to());
  std::set<std::string> referred;
  if (sidecar) {
    const auto add = [&](std::shared_ptr<const VirtualService> route) {
      destinations_of(*route, world.domain(), referred);
      for (const std::string& host : route->spec.hosts()) {
        scope.routes_by_host.try_emplace(full_host_name(host, route->meta.ns, world.domain()), route);
      }
      scope.routes.push_back(std::move(route));
    };
    for (auto& route : service_routes(world, node.ns)) {
      if (imports.has(route->meta.ns, route->spec.hosts(0))) add(std::move(route));
    }
    for (const auto& route : world.routes().for_gateway("mesh")) {
      if (!visible(texts(route->spec.export_to()), route_default, route->meta.ns, node.ns)) continue;
      const bool imported = std::ranges::any_of(route->spec.hosts(), [&](const std::string& host) {
        return imports.has(route->meta.ns, full_host_name(host, route->meta.ns, world.domain()));
      });
      if (imported) add(with_delegates(world, route));
    }
  }
  std::map<std::string, std::shared_ptr<const Service>> chosen;
  const auto better = [&](const Service& a, const Service& b) {
    if ((a.ns == node.ns) != (b.ns == node.ns)) return a.ns == node.ns;
    if (a.kind != b.kind) return a.kind == Kind::k8s_service;
    return a.created < b.created;
  };
  for (const auto& [ns, services] : world.services().by_namespace()) {
    for (const auto& service : *services) {
      if (!visible(service->export_to, service_default, ns, node.ns)) continue;
      if (!imports.has(ns, service->hostname) && !referred.contains(service->hostname)) continue;
      auto& place = chosen[service->hostname];
      if (!place || better(*service, *place)) place = service;
    }
  }
  for (auto& [hostname, service] : chosen) scope.services.push_back(std::move(service));
  return scope;
}

const Service* Scope::service(std::string_view hostname) const {
  const auto found = std::ranges::lower_bound(services, hostname, {},
                                              [](const auto& each) -> std::string_view { return each->hostname; });
  return found != services.end() && (*found)->hostname == hostname ? found->get() : nullptr;
}

const VirtualService* Scope::route_for(std::string_view hostname) const {
  if (const auto exact = routes_by_host.find(hostname); exact != routes_by_host.end()) return exact->second.get();
  // "*.shop.example.com", "*.example.com", "*.com", "*": the longest first.
  std::string_view rest = hostname.starts_with("*.") ? hostname.substr(2) : hostname;
  while (true) {
    const std::size_t dot = rest.find('.');
    const bool any = dot == std::string_view::npos;
    rest.remove_prefix(any ? rest.size() : dot + 1);
    const auto found = routes_by_host.find(any ? std::string("*") : "*." + std::string(rest));
    if (found != routes_by_host.end()) return found->second.get();
    if (any) return nullptr;
  }
}

std::shared_ptr<const DestinationRule> rule_for(const World& world, const ProxyNode& node, const Service& service) {
  const std::vector<std::string> fallback = texts(world.mesh().default_destination_rule_export_to());
  for (const std::string& from : {node.ns, service.ns, world.root_namespace()}) {
    std::shared_ptr<const DestinationRule> first;
    std::shared_ptr<DestinationRule> merged;
    for (const auto& rule : world.routes().covering(from, service.hostname)) {
      if (!visible(texts(rule->spec.export_to()), fallback, from, node.ns)) continue;
      if (rule->spec.has_workload_selector()) {
        const auto& wanted = rule->spec.workload_selector().match_labels();
        const bool selected = from == node.ns && std::ranges::all_of(wanted, [&](const auto& label) {
                                const auto found = node.labels.find(label.first);
                                return found != node.labels.end() && found->second == label.second;
                              });
        if (selected) return rule;  // before any that selects nobody
        continue;
      }
      if (!first) {
        first = rule;
        continue;
      }
      if (!merged) merged = std::make_shared<DestinationRule>(*first);
      if (!merged->spec.has_traffic_policy()) *merged->spec.mutable_traffic_policy() = rule->spec.traffic_policy();
      for (const auto& subset : rule->spec.subsets()) {
        const bool known =
            std::ranges::any_of(merged->spec.subsets(), [&](const auto& each) { return each.name() == subset.name(); });
        if (!known) *merged->spec.add_subsets() = subset;
      }
    }
    if (merged) return merged;
    if (first) return first;
  }
  return nullptr;
}

}  // namespace proa::mesh
