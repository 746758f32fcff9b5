#include "mesh/explain/compiled_proxy.h"

#include <fmt/format.h>

#include "config/resource_compile.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"
#include "mesh/push/resource_type.h"
#include "mesh/translate/packed.h"

namespace proa::mesh {

namespace {

using envoy::config::listener::v3::FilterChain;
using envoy::config::listener::v3::Listener;
using envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
using google::protobuf::Any;

const Resource* find(const ResourceSet& set, std::string_view type, const std::string& name) {
  const auto of_type = set.types.find(std::string(type));
  if (of_type == set.types.end()) return nullptr;
  const auto found = of_type->second.find(name);
  return found == of_type->second.end() ? nullptr : found->second.get();
}

Any any_of(std::string_view type, const std::string& body) {
  Any out;
  out.set_type_url(std::string(type));
  out.set_value(body);
  return out;
}

template <class Message>
bool clear_logs(Any& config) {
  Message message;
  if (!config.Is<Message>() || !config.UnpackTo(&message)) return false;
  message.clear_access_log();
  config = packed(message);
  return true;
}

/// To compile a log is to open its file, which is the proxy's own.
void clear_logs(FilterChain& chain) {
  for (auto& filter : *chain.mutable_filters()) {
    clear_logs<HttpConnectionManager>(*filter.mutable_typed_config()) ||
        clear_logs<TcpProxy>(*filter.mutable_typed_config());
  }
}

Any without_logs(const std::string& body) {
  Listener listener;
  listener.ParseFromString(body);
  listener.clear_access_log();
  for (auto& chain : *listener.mutable_filter_chains()) clear_logs(chain);
  if (listener.has_default_filter_chain()) clear_logs(*listener.mutable_default_filter_chain());
  return packed(listener);
}

proxy::ExplainedHost explained(const upstream::Endpoint& endpoint, std::uint32_t priority) {
  std::string address = endpoint.addresses.empty() ? fmt::format("{}:{}", endpoint.dns_name, endpoint.port)
                                                   : endpoint.addresses.front().to_string();
  using upstream::HealthStatus;
  const bool healthy = endpoint.status != HealthStatus::kUnhealthy && endpoint.status != HealthStatus::kTimeout &&
                       endpoint.status != HealthStatus::kDraining;
  return {.address = std::move(address),
          .health = healthy ? "healthy" : "unhealthy",
          .priority = priority,
          .weight = endpoint.weight,
          .healthy = healthy};
}

}  // namespace

/// What compiling needs, and routes by name; secrets never come, and endpoints are read when they are asked for.
struct CompiledProxy::Compilation final : config::DynamicSources {
  explicit Compilation(const ResourceSet& s) : set(s), compiler(options, bootstrap, shared, *this) {}

  void begin(const envoy::config::bootstrap::v3::Bootstrap&, const config::LoadOptions&, const config::Site&) override {
  }
  config::RouteSource routes(const ConfigSource&, const std::string& name, const config::Site& at) override {
    const Resource* resource = find(set, kRoutesType, name);
    proxy::RouteSlot::Table table;
    if (resource == nullptr) {
      table = *route::RouteTable::make({});
    } else if (auto made = compiler.routes(any_of(kRoutesType, resource->body))) {
      table = std::move(*made);
    } else {
      at.error(fmt::format("routes {}: {}", name, made.error().message));
      return {};
    }
    auto arrival = std::make_shared<Awaited>();
    arrival->arrive();
    return {std::make_shared<proxy::RouteSlot>(std::move(table)), std::move(arrival)};
  }
  std::shared_ptr<upstream::EndpointSource> endpoints(const ConfigSource&, const std::string&,
                                                      const config::Site&) override {
    return nullptr;
  }
  std::shared_ptr<config::SecretSource> secret(const ConfigSource&, const std::string&, const config::Site&) override {
    return nullptr;
  }

  const ResourceSet& set;
  observe::Registry registry;
  config::SharedObjects shared{registry};
  config::LoadOptions options;
  envoy::config::bootstrap::v3::Bootstrap bootstrap;
  config::ResourceCompiler compiler;
};

CompiledProxy::CompiledProxy(const ResourceSet& set) : set_(set), compilation_(std::make_unique<Compilation>(set)) {}

CompiledProxy::~CompiledProxy() {
  listeners_.clear();
  clusters_.clear();
}

Result<std::unique_ptr<CompiledProxy>> CompiledProxy::make(const ResourceSet& set,
                                                           const envoy::config::core::v3::Node& node) {
  std::unique_ptr<CompiledProxy> out(new CompiledProxy(set));
  *out->compilation_->bootstrap.mutable_node() = node;
  const auto listeners = set.types.find(std::string(kListenerType));
  if (listeners == set.types.end()) return out;
  for (const auto& [name, resource] : listeners->second) {
    auto made = out->compilation_->compiler.listener(without_logs(resource->body));
    if (!made) return fail(fmt::format("listener {} would be refused: {}", name, made.error().message));
    out->listeners_.push_back(std::move(*made));
  }
  return out;
}

std::optional<proxy::ExplainedCluster> CompiledProxy::cluster(const std::string& name) const {
  auto& known = clusters_[name];
  if (!known) {
    const Resource* resource = find(set_, kClusterType, name);
    if (resource == nullptr) return std::nullopt;
    auto made = compilation_->compiler.cluster(any_of(kClusterType, resource->body));
    if (!made) return std::nullopt;
    if (made->type == upstream::DiscoveryType::kEds) {
      const Resource* endpoints = find(set_, kEndpointsType, name);
      if (endpoints != nullptr) {
        if (auto read = compilation_->compiler.endpoints(any_of(kEndpointsType, endpoints->body))) {
          made->assignment = std::move(*read);
        }
      }
    }
    known = std::make_unique<const upstream::ClusterSpec>(std::move(*made));
  }
  proxy::ExplainedCluster out{known.get(), {}};
  for (const auto& locality : known->assignment.localities) {
    for (const auto& endpoint : locality.endpoints) {
      proxy::ExplainedHost host = explained(endpoint, locality.priority);
      proxy::explain_socket(*known, endpoint.metadata.get(), host);
      out.hosts.push_back(std::move(host));
    }
  }
  return out;
}

}  // namespace proa::mesh
