#include "mesh/push/push_server.h"

#include <utility>

#include "base/log.h"

namespace proa::mesh {

namespace {

struct Service {
  std::string_view type_url;  // empty: all
  std::string_view name, sotw, delta;
};
constexpr Service kServices[] = {
    {"", "envoy.service.discovery.v3.AggregatedDiscoveryService", "StreamAggregatedResources",
     "DeltaAggregatedResources"},
    {kClusterType, "envoy.service.cluster.v3.ClusterDiscoveryService", "StreamClusters", "DeltaClusters"},
    {kEndpointsType, "envoy.service.endpoint.v3.EndpointDiscoveryService", "StreamEndpoints", "DeltaEndpoints"},
    {kListenerType, "envoy.service.listener.v3.ListenerDiscoveryService", "StreamListeners", "DeltaListeners"},
    {kRoutesType, "envoy.service.route.v3.RouteDiscoveryService", "StreamRoutes", "DeltaRoutes"},
    {kScopedRoutesType, "envoy.service.route.v3.ScopedRoutesDiscoveryService", "StreamScopedRoutes",
     "DeltaScopedRoutes"},
    {kVirtualHostType, "envoy.service.route.v3.VirtualHostDiscoveryService", "", "DeltaVirtualHosts"},
    {kSecretType, "envoy.service.secret.v3.SecretDiscoveryService", "StreamSecrets", "DeltaSecrets"},
    {kExtensionType, "envoy.service.extension.v3.ExtensionConfigDiscoveryService", "StreamExtensionConfigs",
     "DeltaExtensionConfigs"},
    {kRuntimeType, "envoy.service.runtime.v3.RuntimeDiscoveryService", "StreamRuntime", "DeltaRuntime"},
};

}  // namespace

PushServer::PushServer(net::Loop& loop, ResourcesOf resources_of, PushOptions options)
    : loop_(loop),
      resources_of_(std::move(resources_of)),
      options_(std::move(options)),
      debounce_(loop, options_.debounce, [this] { push_now(); }),
      next_turn_(net::Timer::of<&PushServer::push_some>(this)) {}

PushServer::~PushServer() {
  streams_.splice(to_push_);
  while (!streams_.empty()) streams_.front().forget_server();
}

void PushServer::add_to(grpc::Services& services) {
  for (const Service& service : kServices) add_to(services, service.type_url);
}

void PushServer::add_to(grpc::Services& services, std::string_view type_url) {
  for (const Service& service : kServices) {
    if (service.type_url != type_url) continue;
    for (bool delta : {false, true}) {
      const std::string_view method = delta ? service.delta : service.sotw;
      if (method.empty()) continue;
      std::string path = "/" + std::string(service.name) + "/" + std::string(method);
      services.add(std::move(path), [this, type_url = std::string(service.type_url), delta](grpc::ServerCall& call) {
        return open(call, type_url, delta);
      });
    }
  }
}

std::unique_ptr<grpc::CallHandler> PushServer::open(grpc::ServerCall& call, const std::string& type_url, bool delta) {
  auto session = delta ? make_delta_session(type_url, options_.session) : make_sotw_session(type_url, options_.session);
  auto stream = std::make_unique<PushStream>(call, *this, std::move(session));
  streams_.push_back(*stream);
  ++count_;
  return stream;
}

Result<std::string> PushServer::identify(const net::ConnectionInfo& peer, const Node& node) const {
  return options_.identify ? options_.identify(peer, node) : std::string();
}

void PushServer::push_now() {
  ++pushes_;
  log::get("push").debug("push {} to {} streams", pushes_, count_);
  to_push_.splice(streams_);
  push_some();
}

void PushServer::push_some() {
  for (int i = 0; i < kPerTurn && !to_push_.empty(); ++i) {
    PushStream& stream = *to_push_.pop_front();
    streams_.push_back(stream);
    stream.update();
  }
  pushing_ = !to_push_.empty();
  if (pushing_) next_turn_.start(loop_, Milliseconds(0));
}

void PushServer::for_each(const std::function<void(const PushStream&)>& visit) {
  auto look = [&](PushStream& stream) {
    if (stream.session().node()) visit(stream);
  };
  streams_.for_each(look);
  to_push_.for_each(look);
}

}  // namespace proa::mesh
