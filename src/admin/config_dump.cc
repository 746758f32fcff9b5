#include "admin/config_dump.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>

#include "observe/time_format.h"
#include "upstream/lb/host.h"
#include "xds/type_url.h"

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
constexpr List kDynamicClusters{"ClustersConfigDump", "dynamic_active_clusters", "DynamicCluster", "cluster", "name"};
constexpr List kDynamicEndpoints{"EndpointsConfigDump", "dynamic_endpoint_configs", "DynamicEndpointConfig",
                                 "endpoint_config", "cluster_name"};
constexpr List kDynamicListeners{"ListenersConfigDump", "dynamic_listeners", "DynamicListener", "listener", "name"};
constexpr List kDynamicRoutes{"RoutesConfigDump", "dynamic_route_configs", "DynamicRouteConfig", "route_config",
                              "name"};
constexpr List kDynamicSecrets{"SecretsConfigDump", "dynamic_active_secrets", "DynamicSecret", "secret", "name"};

/// Lists that are never filled, but that clients of Envoy ask for.
constexpr std::string_view kAlwaysEmpty[] = {"dynamic_warming_clusters",     "inline_scoped_route_configs",
                                             "dynamic_scoped_route_configs", "static_secrets",
                                             "dynamic_warming_secrets",      "ecds_filters"};

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

  /// What a file says.
  void add(const List& list, const Resources& resources) {
    std::vector<Entry> entries;
    for (const Json& resource : resources) {
      Entry entry{.name = resource.value(std::string(list.name_key), ""), .json = {{list.member, resource}}};
      note_time(entry.json);
      entries.push_back(std::move(entry));
    }
    add(list, std::move(entries));
  }

  /// What a control plane says.
  void add(const List& list, const std::vector<xds::ShownResource>& resources) {
    std::vector<Entry> entries;
    for (const auto& resource : resources) entries.push_back({.name = resource.name, .json = entry_of(list, resource)});
    add(list, std::move(entries));
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
  struct Entry {
    std::string name;
    Json json;
  };

  void add(const List& list, std::vector<Entry> entries) {
    const bool single = list.field == query_.resource;
    known_ |= single;
    if (!query_.resource.empty() && !single) return;
    if (name_) std::erase_if(entries, [this](const Entry& entry) { return !RE2::FullMatch(entry.name, *name_); });
    if (single) {
      for (Entry& entry : entries) {
        Json typed = {{"@type", fmt::format("{}{}.{}", kDumps, list.dump, list.entry)}};
        typed.update(entry.json);
        configs_.push_back(masked(std::move(typed), query_.mask));
      }
      return;
    }
    Json dump = {{"@type", std::string(kDumps).append(list.dump)}};
    Json& all = dump[std::string(list.field)];
    for (Entry& entry : entries) all.push_back(std::move(entry.json));
    if (entries.empty()) dump.erase(std::string(list.field));
    dump = masked(std::move(dump), query_.mask);
    // The lists of one dump come one after the other.
    if (!configs_.empty() && configs_.back()["@type"] == dump["@type"]) return configs_.back().update(dump);
    configs_.push_back(std::move(dump));
  }

  static Json entry_of(const List& list, const xds::ShownResource& from) {
    Json state = Json::object();
    if (!from.json.empty()) {
      state = {{"version_info", from.version}, {list.member, Json::parse(from.json, nullptr, false)}};
    }
    Json entry = std::move(state);
    if (list.dump == kDynamicListeners.dump) {  // nested, unlike the others
      Json active = std::move(entry);
      entry = {{"name", from.name}};
      if (!active.empty()) entry["active_state"] = std::move(active);
    }
    if (list.dump == kDynamicSecrets.dump) entry["name"] = from.name;
    if (!from.error.empty()) {
      std::string at;
      observe::TimeFormat().append(from.refused_at, at);
      entry["error_state"] = {{"details", from.error}, {"last_update_attempt", at}};
    }
    return entry;
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

std::expected<Json, DumpRefused> dump_config(const AdminContext& context, const DumpQuery& query) {
  proxy::Server& server = context.server;
  auto dynamic = [&](std::string_view type_url) {
    return context.dynamic_resources ? context.dynamic_resources(type_url) : std::vector<xds::ShownResource>{};
  };
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
  dump.add(kDynamicClusters, dynamic(xds::kCluster));
  if (query.endpoints || query.resource == kEndpoints.field) dump.add(kEndpoints, endpoints_of(server));
  if (query.endpoints || query.resource == kDynamicEndpoints.field) {
    dump.add(kDynamicEndpoints, dynamic(xds::kEndpoints));
  }
  Resources listeners = static_resources(bootstrap, "listeners", "envoy.config.listener.v3.Listener");
  Resources routes;
  for (const Json& listener : listeners) find_route_configs(listener, routes);
  dump.add(kListeners, listeners);
  dump.add(kDynamicListeners, dynamic(xds::kListener));
  dump.add(kRoutes, routes);
  dump.add(kDynamicRoutes, dynamic(xds::kRoutes));
  dump.add(kDynamicSecrets, dynamic(xds::kSecret));
  if (!query.resource.empty() && !dump.known() && !std::ranges::count(kAlwaysEmpty, query.resource)) {
    return std::unexpected(DumpRefused{404, fmt::format("{} not found in config dump", query.resource)});
  }
  return dump.take();
}

}  // namespace proa::admin
