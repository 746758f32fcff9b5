#include "mesh/model/route_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace proa::mesh {

namespace {

/// Istio's order among objects of several namespaces.
template <class T>
void sort_by_age(std::vector<std::shared_ptr<const T>>& objects) {
  std::ranges::sort(objects, [](const auto& a, const auto& b) {
    return std::tie(a->meta.created, a->meta.name, a->meta.ns) < std::tie(b->meta.created, b->meta.name, b->meta.ns);
  });
}

}  // namespace

std::string full_host_name(std::string_view host, std::string_view ns, std::string_view domain) {
  if (host.empty() || host.find('.') != std::string_view::npos || host.find('*') != std::string_view::npos) {
    return std::string(host);
  }
  return fmt::format("{}.{}.svc.{}", host, ns, domain);
}

std::string full_gateway_name(std::string_view gateway, std::string_view ns) {
  if (gateway == "mesh" || gateway.find('/') != std::string_view::npos) return std::string(gateway);
  return fmt::format("{}/{}", ns, gateway);
}

RouteIndex::RouteIndex(const Table<VirtualService>& routes, const Table<DestinationRule>& rules,
                       std::string_view domain) {
  for (const auto& [ns, rows] : routes.namespaces()) {
    for (const auto& route : *rows) {
      if (route->spec.hosts().empty()) continue;
      if (route->spec.gateways().empty()) routes_["mesh"].push_back(route);
      for (const std::string& gateway : route->spec.gateways()) {
        Routes& of_gateway = routes_[full_gateway_name(gateway, ns)];
        if (of_gateway.empty() || of_gateway.back() != route) of_gateway.push_back(route);
      }
    }
  }
  for (auto& [gateway, of_gateway] : routes_) sort_by_age(of_gateway);
  for (const auto& [ns, rows] : rules.namespaces()) {
    for (const auto& rule : *rows) rules_[ns][full_host_name(rule->spec.host(), ns, domain)].push_back(rule);
  }
}

const RouteIndex::Routes& RouteIndex::for_gateway(std::string_view gateway) const {
  static const Routes kNone;
  const auto found = routes_.find(gateway);
  return found == routes_.end() ? kNone : found->second;
}

const RouteIndex::Rules& RouteIndex::for_host(std::string_view ns, std::string_view host) const {
  static const Rules kNone;
  const auto of_namespace = rules_.find(ns);
  if (of_namespace == rules_.end()) return kNone;
  const auto found = of_namespace->second.find(host);
  return found == of_namespace->second.end() ? kNone : found->second;
}

const RouteIndex::Rules& RouteIndex::covering(std::string_view ns, std::string_view host) const {
  const Rules* found = &for_host(ns, host);
  // "*.shop.example.com", "*.example.com", "*.com", "*": one wildcard at a time, the longest first.
  std::string_view rest = host.starts_with("*.") ? host.substr(2) : host;
  while (found->empty()) {
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos) return for_host(ns, "*");
    rest.remove_prefix(dot + 1);
    found = &for_host(ns, fmt::format("*.{}", rest));
  }
  return *found;
}

}  // namespace proa::mesh
