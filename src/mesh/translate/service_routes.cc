#include "mesh/translate/service_routes.h"

#include <algorithm>
#include <map>
#include <string>

#include "mesh/translate/gateway_api_rules.h"
#include "mesh/translate/http_routes.h"

namespace proa::mesh {

namespace {

/// What is attached to one service.
struct Attached {
  const Meta* oldest = nullptr;
  std::vector<GatewayApiRule> rules{};
};

/// The host of a parent that is a service; empty: it is something else, such as a Gateway.
std::string host_of(const World& world, const ParentRef& parent, const std::string& ns) {
  const std::string& there = parent.ns.empty() ? ns : parent.ns;
  if (parent.kind == "Service") return full_host_name(parent.name, there, world.domain());
  if (parent.kind != "ServiceEntry") return {};
  const ServiceEntry* entry = world.table<ServiceEntry>().find(there, parent.name);
  return entry == nullptr || entry->spec.hosts().empty() ? std::string() : entry->spec.hosts(0);
}

class Collection {
 public:
  Collection(const World& world, std::string_view ns) : world_(world), ns_(ns) {}

  template <class Route>
  void add_all() {
    world_.table<Route>().each([&](const Route& route) {
      for (const ParentRef& parent : route.spec.parents) {
        const std::string host = host_of(world_, parent, route.meta.ns);
        if (host.empty()) continue;
        const bool consumer = route.meta.ns == ns_;
        const std::string& of_service = parent.ns.empty() ? route.meta.ns : parent.ns;
        if (!consumer && route.meta.ns != of_service) continue;
        Attached& place = (consumer ? own_ : producers_)[host];
        if (place.oldest == nullptr || route.meta.created < place.oldest->created) place.oldest = &route.meta;
        add_rules(world_, route, parent.port, place.rules);
      }
    });
  }

  std::vector<std::shared_ptr<const VirtualService>> made() {
    own_.merge(producers_);  // keeps what is there
    std::vector<std::shared_ptr<const VirtualService>> out;
    for (auto& [host, attached] : own_) {
      std::ranges::sort(attached.rules, {}, &GatewayApiRule::rank);
      auto service = std::make_shared<VirtualService>();
      service->meta = *attached.oldest;
      service->meta.annotations[std::string(kRouteSemantics)] = "gateway";
      service->spec.add_hosts(host);
      for (GatewayApiRule& rule : attached.rules) *service->spec.add_http() = std::move(rule.route);
      out.push_back(std::move(service));
    }
    return out;
  }

 private:
  const World& world_;
  const std::string_view ns_;
  std::map<std::string, Attached> own_, producers_;
};

}  // namespace

std::vector<std::shared_ptr<const VirtualService>> service_routes(const World& world, std::string_view ns) {
  Collection collection(world, ns);
  collection.add_all<HttpRoute>();
  collection.add_all<GrpcRoute>();
  return collection.made();
}

}  // namespace proa::mesh
