#include "admin/config_dump.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>

#include "observe/time_format.h"
#include "upstream/lb/host.h"

namespace proa::admin {
namespace {

constexpr std::string_view kTypes = "type.googleapis.com/";
constexpr std::string_view kDumps = "type.googleapis.com/envoy.admin.v3.";

/// One list of a dump message: what an entry of it is called, and which member of the entry has the name.
struct List {
  std::string_view dump;      // "ClustersConfigDump"
  std::string_view field;     // "static_clusters"
  std::string_view entry;     // "StaticCluster"
  std::string_view member;    // "cluster"
  std::string_view name_key;  // "name"
};
constexpr List kClusters{"ClustersConfigDump", "static_clusters", "StaticCluster", "cluster", "name"};
constexpr List kEndpoints{"EndpointsConfigDump", "static_endpoint_configs", "StaticEndpointConfig", "endpoint_config",
                          "cluster_name"};
constexpr List kListeners{"ListenersConfigDump", "static_listeners", "StaticListener", "listener", "name"};
constexpr List kRoutes{"RoutesConfigDump", "static_route_configs", "StaticRouteConfig", "route_config", "name"};

/// Lists that a file never fills, but that clients of Envoy ask for.
constexpr std::string_view kAlwaysEmpty[] = {"dynamic_active_clusters",
                                             "dynamic_warming_clusters",
                                             "dynamic_endpoint_configs",
                                             "dynamic_listeners",
                                             "dynamic_route_configs",
                                             "inline_scoped_route_configs",
                                             "dynamic_scoped_route_configs",
                                             "static_secrets",
                                             "dynamic_active_secrets",
                                             "dynamic_warming_secrets",
                                             "ecds_filters"};

/// The resources of one list, each with its @type first.
using Resources = std::vector<Json>;

void add_typed(Resources& to, std::string_view type, const Json& message) {
  Json typed = {{"@type", std::string(kTypes).append(type)}};
  typed.update(message);
  to.push_back(std::move(typed));
}

/// Entries of bootstrap.static_resources.
Resources static_resources(const Json& bootstrap, const char* list, std::string_view type) {
  Resources found;
  auto resources = bootstrap.find("static_resources");
  if (resources == bootstrap.end()) return found;
  auto entries = resources->find(list);
  if (entries == resources->end()) return found;
  for (const Json& entry : *entries) add_typed(found, type, entry);
  return found;
}

/// route_config of every connection manager within `json`.
void find_route_configs(const Json& json, Resources& found) {
  if (!json.is_structured()) return;
  if (json.is_object()) {
    auto type = json.find("@type");
    auto routes = json.find("route_config");
    const bool manager = type != json.end() && type->is_string() &&
                         type->get_ref<const std::string&>().ends_with(".HttpConnectionManager");
    if (manager && routes != json.end()) add_typed(found, "envoy.config.route.v3.RouteConfiguration", *routes);
  }
  for (const Json& inner : json) find_route_configs(inner, found);
}

Json endpoint_json(const upstream::Host& host) {
  constexpr std::string_view kNames[] = {"UNKNOWN", "HEALTHY", "UNHEALTHY", "DRAINING", "TIMEOUT", "DEGRADED"};
  Json endpoint = {{"address", address_json(host.address())}};
  if (!host.hostname().empty()) endpoint["hostname"] = host.hostname();
  Json json = {{"endpoint", std::move(endpoint)}};
  if (const auto status = host.eds_status(); status != upstream::HealthStatus::kUnknown) {
    json["health_status"] = kNames[static_cast<size_t>(status)];
  }
  json["load_balancing_weight"] = host.weight();
  return json;
}

/// envoy.config.endpoint.v3.ClusterLoadAssignment, of the hosts that there are now.
Json assignment_json(const upstream::Cluster& cluster) {
  std::map<std::pair<uint32_t, upstream::Locality>, Json> groups;
  for (const auto& member : cluster.members()) {
    const upstream::Locality& locality = member.host->locality();
    Json& group = groups[{member.host->priority(), locality}];
    if (group.is_null()) {
      group["locality"] = {{"region", locality.region}, {"zone", locality.zone}, {"sub_zone", locality.sub_zone}};
      if (member.locality_weight) group["load_balancing_weight"] = member.locality_weight;
      if (member.host->priority()) group["priority"] = member.host->priority();
    }
    group["lb_endpoints"].push_back(endpoint_json(*member.host));
  }
  Json endpoints = Json::array();
  for (auto& [key, group] : groups) endpoints.push_back(std::move(group));
  return {{"cluster_name", cluster.name()}, {"endpoints", std::move(endpoints)}};
}

Resources endpoints_of(proxy::Server& server) {
  Resources found;
  if (server.state() == proxy::ServerState::kPreInitializing) return found;
  for (const auto& cluster : server.clusters().list()) {
    add_typed(found, "envoy.config.endpoint.v3.ClusterLoadAssignment", assignment_json(*cluster));
  }
  return found;
}

/// Copies what is at `path` ("a.b.c") of `from` to the same place of `to`.
void copy_field(const Json& from, std::string_view path, Json& to) {
  std::string key(path.substr(0, path.find('.')));
  auto found = from.is_object() ? from.find(key) : from.end();
  if (found == from.end()) return;
  if (key.size() == path.size()) {
    to[key] = *found;
    return;
  }
  if (!to.contains(key)) to[key] = Json::object();
  copy_field(*found, path.substr(key.size() + 1), to[key]);
}

Json masked(Json json, const std::vector<std::string>& mask) {
  if (mask.empty()) return json;
  Json out = Json::object();
  copy_field(json, "@type", out);
  for (const std::string& path : mask) copy_field(json, path, out);
  return out;
}

/// Makes the answer of resources: selects, wraps, masks.
class Dump {
 public:
  Dump(const DumpQuery& query, const RE2* name) : query_(query), name_(name) {
    if (query.loaded_at) {
      observe::TimeFormat().append(*query.loaded_at, loaded_at_);
    }
  }

  void add(const List& list, const Resources& resources) {
    const bool single = list.field == query_.resource;
    known_ = known_ || single;
    if (!query_.resource.empty() && !single) return;
    Json entries = Json::array();
    for (const Json& resource : resources) {
      if (!selected(list, resource)) continue;
      Json entry = Json::object();
      if (single) entry["@type"] = fmt::format("{}{}.{}", kDumps, list.dump, list.entry);
      entry[std::string(list.member)] = resource;
      note_time(entry);
      if (single) {
        configs_.push_back(masked(std::move(entry), query_.mask));
      } else {
        entries.push_back(std::move(entry));
      }
    }
    if (single) return;
    Json dump = {{"@type", std::string(kDumps).append(list.dump)}};
    if (!entries.empty()) dump[std::string(list.field)] = std::move(entries);
    configs_.push_back(masked(std::move(dump), query_.mask));
  }

  void add_bootstrap(const Json& bootstrap) {
    if (!query_.resource.empty()) return;
    Json dump = {{"@type", std::string(kDumps).append("BootstrapConfigDump")}, {"bootstrap", bootstrap}};
    note_time(dump);
    configs_.push_back(masked(std::move(dump), query_.mask));
  }

  bool known() const { return known_; }
  Json take() { return {{"configs", std::move(configs_)}}; }

 private:
  bool selected(const List& list, const Json& resource) const {
    if (!name_) return true;
    auto name = resource.find(std::string(list.name_key));
    return name != resource.end() && name->is_string() && RE2::FullMatch(name->get_ref<const std::string&>(), *name_);
  }
  void note_time(Json& json) const {
    if (!loaded_at_.empty()) json["last_updated"] = loaded_at_;
  }

  const DumpQuery& query_;
  const RE2* name_;
  std::string loaded_at_;
  Json configs_ = Json::array();
  bool known_ = false;
};

}  // namespace

std::expected<Json, DumpRefused> dump_config(proxy::Server& server, const DumpQuery& query) {
  std::optional<RE2> name;
  if (!query.name_regex.empty()) {
    name.emplace(query.name_regex, RE2::Quiet);
    if (!name->ok()) {
      return std::unexpected(
          DumpRefused{400, fmt::format("Error while parsing name_regex \"{}\": {}", query.name_regex, name->error())});
    }
  }
  Json bootstrap = Json::object();
  if (const auto& text = server.snapshot().config_dump) bootstrap = Json::parse(text(), nullptr, false);
  if (!bootstrap.is_object()) bootstrap = Json::object();

  Dump dump(query, name ? &*name : nullptr);
  dump.add_bootstrap(bootstrap);
  dump.add(kClusters, static_resources(bootstrap, "clusters", "envoy.config.cluster.v3.Cluster"));
  if (query.endpoints || query.resource == kEndpoints.field) dump.add(kEndpoints, endpoints_of(server));
  Resources listeners = static_resources(bootstrap, "listeners", "envoy.config.listener.v3.Listener");
  Resources routes;
  for (const Json& listener : listeners) find_route_configs(listener, routes);
  dump.add(kListeners, listeners);
  dump.add(kRoutes, routes);
  if (!query.resource.empty() && !dump.known() && !std::ranges::count(kAlwaysEmpty, query.resource)) {
    return std::unexpected(DumpRefused{404, fmt::format("{} not found in config dump", query.resource)});
  }
  return dump.take();
}

}  // namespace proa::admin
