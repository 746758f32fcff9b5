#include "xds/dynamic_config.h"

#include <google/protobuf/util/message_differencer.h>

#include <utility>

#include "config/redact.h"
#include "xds/type_url.h"

namespace proa::xds {

using config::Site;

namespace {

constexpr const char* kUserAgent = "proa-proxy";

envoy::config::core::v3::Node node_of(const DynamicConfig::Bootstrap& bootstrap, const config::LoadOptions& options) {
  envoy::config::core::v3::Node node = bootstrap.node();
  if (!options.service_node.empty()) node.set_id(options.service_node);
  if (!options.service_cluster.empty()) node.set_cluster(options.service_cluster);
  if (!options.service_zone.empty()) node.mutable_locality()->set_zone(options.service_zone);
  if (node.user_agent_name().empty()) node.set_user_agent_name(kUserAgent);
  return node;
}

}  // namespace

DynamicConfig::DynamicConfig(net::Loop& loop, proxy::Server& server, config::SharedObjects& shared)
    : loop_(loop), server_(server), shared_(shared) {}

DynamicConfig::~DynamicConfig() = default;

void DynamicConfig::begin(const Bootstrap& bootstrap, const config::LoadOptions& options, const Site& at) {
  using google::protobuf::util::MessageDifferencer;
  if (bootstrap_) {  // a reload
    if (!MessageDifferencer::Equals(bootstrap.dynamic_resources(), bootstrap_->dynamic_resources())) {
      (at / "dynamic_resources").error("has changed, which a reload cannot follow", "restart the program");
    }
    if (!MessageDifferencer::Equals(bootstrap.node(), bootstrap_->node())) {
      (at / "node").error("has changed, which a reload cannot follow", "restart the program");
    }
    return;
  }
  bootstrap_ = std::make_unique<Bootstrap>(bootstrap);
  bootstrap_->clear_static_resources();  // compiled; the largest part
  compiler_ = std::make_unique<config::ResourceCompiler>(options, *bootstrap_, shared_, *this);
  clusters_ = std::make_unique<ClusterDiscovery>(*compiler_, server_);
  endpoints_ = std::make_unique<EndpointDiscovery>(loop_, *compiler_);
  listeners_ = std::make_unique<ListenerDiscovery>(*compiler_, server_);
  routes_ = std::make_unique<RouteDiscovery>(loop_, *compiler_);
  secrets_ = std::make_unique<SecretDiscovery>(loop_, *compiler_);
  sources_ = std::make_unique<Sources>(loop_, server_.clusters(), shared_, static_cast<SourcesObserver&>(*this));
  const auto& dynamic = bootstrap.dynamic_resources();
  sources_->configure(node_of(bootstrap, options), dynamic.has_ads_config() ? &dynamic.ads_config() : nullptr,
                      options.state_dir, at / "dynamic_resources.ads_config");
  if (dynamic.has_cds_config()) sources_->find(dynamic.cds_config(), kCluster, at / "dynamic_resources.cds_config");
  if (dynamic.has_lds_config()) sources_->find(dynamic.lds_config(), kListener, at / "dynamic_resources.lds_config");
}

config::RouteSource DynamicConfig::routes(const ConfigSource& source, const std::string& name, const Site& at) {
  Source* from = sources_->find(source, kRoutes, at);
  return from ? routes_->routes(*from, name, subscribe_options(source)) : config::RouteSource{};
}

std::shared_ptr<upstream::EndpointSource> DynamicConfig::endpoints(const ConfigSource& source, const std::string& name,
                                                                   const Site& at) {
  Source* from = sources_->find(source, kEndpoints, at);
  return from ? endpoints_->endpoints(*from, name, subscribe_options(source)) : nullptr;
}

std::shared_ptr<config::SecretSource> DynamicConfig::secret(const ConfigSource& source, const std::string& name,
                                                            const Site& at) {
  Source* from = sources_->find(source, kSecret, at);
  return from ? secrets_->secret(*from, name, subscribe_options(source)) : nullptr;
}

void DynamicConfig::fetch_for_start() {
  if (sources_) sources_->start_own();
}

void DynamicConfig::fetch_clusters(std::function<void()> done) {
  sources_->start();
  const auto& dynamic = bootstrap_->dynamic_resources();
  if (!dynamic.has_cds_config()) return done();
  clusters_->when_first_in_force(std::move(done));
  subscribe_to_all(kCluster, dynamic.cds_config());
}

void DynamicConfig::fetch_listeners(std::function<void()> done) {
  const auto& dynamic = bootstrap_->dynamic_resources();
  if (!dynamic.has_lds_config()) return done();
  listeners_->when_first_in_force(std::move(done));
  subscribe_to_all(kListener, dynamic.lds_config());
}

/// begin() has found the source before, and said what is wrong with it.
void DynamicConfig::subscribe_to_all(std::string_view type_url, const ConfigSource& from) {
  const config::Marks marks;
  config::Problems problems;
  const config::FieldPath root;
  Source* source = sources_->find(from, type_url, Site(marks, problems, root));
  source->subscribe(type_url, kWildcard, subscribe_options(from));
}

void DynamicConfig::stop() {
  if (sources_) sources_->stop();
}

Discovery* DynamicConfig::discovery_of(std::string_view type_url) {
  if (type_url == kCluster) return clusters_.get();
  if (type_url == kEndpoints) return endpoints_.get();
  if (type_url == kListener) return listeners_.get();
  if (type_url == kRoutes) return routes_.get();
  if (type_url == kSecret) return secrets_.get();
  return nullptr;
}

std::vector<Rejection> DynamicConfig::on_update(Source& source, const Update& update) {
  Discovery* discovery = discovery_of(update.type_url);
  if (!discovery) return {};
  server_.clusters().publish();  // routes are in force at once: those of this turn may name clusters of this turn
  std::vector<Rejection> refused = discovery->on_update(source, update);
  if (!refused.empty() || !refused_.empty()) note_refusals(update, refused);
  return refused;
}

void DynamicConfig::note_refusals(const Update& update, const std::vector<Rejection>& refused) {
  const std::string type(update.type_url);
  for (const Resource& resource : update.resources) refused_.erase({type, std::string(resource.name)});
  for (const std::string& name : update.removed) refused_.erase({type, name});
  for (const Rejection& rejection : refused) {
    refused_[{type, rejection.name}] = {.reason = rejection.reason, .at = loop_.wall_now()};
  }
}

std::vector<ShownResource> DynamicConfig::show(std::string_view type_url) const {
  std::map<std::string, ShownResource> shown;
  auto add = [&](std::string_view name, const Held& held) {
    google::protobuf::Any body = held.body;
    config::redact(body);
    ShownResource& one = shown[std::string(name)];
    one.version = held.version;
    one.json = config::to_json(body, false).value_or("{}");
  };
  if (sources_) {
    for (const Source* source : sources_->all()) source->for_each_held(type_url, add);
  }
  for (const auto& [key, refusal] : refused_) {
    if (key.first != type_url) continue;
    shown[key.second].error = refusal.reason;
    shown[key.second].refused_at = refusal.at;
  }
  std::vector<ShownResource> all;
  for (auto& [name, one] : shown) {
    one.name = name;
    all.push_back(std::move(one));
  }
  return all;
}

void DynamicConfig::on_absent(Source& source, std::string_view type_url, std::string_view name) {
  if (Discovery* discovery = discovery_of(type_url)) discovery->gave_up(source, name);
}

void DynamicConfig::on_fetch_timeout(Source& source, std::string_view type_url, std::string_view name) {
  on_absent(source, type_url, name);
}

}  // namespace proa::xds
