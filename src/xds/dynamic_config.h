// All that a control plane, or a watched file, says, put into effect while the proxy serves.
//
//   sources          where resources come from
//   *_discovery      what becomes of those of one type
//   config/resource_compile   from protobuf to what runs
//
// Order (make before break): clusters of the start, then clusters of the control plane with their endpoints and
// secrets, then listeners with their routes and secrets, then the process is live.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/dynamic_sources.h"
#include "config/load.h"
#include "config/resource_compile.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "net/loop.h"
#include "proxy/server.h"
#include "xds/cluster_discovery.h"
#include "xds/endpoint_discovery.h"
#include "xds/listener_discovery.h"
#include "xds/route_discovery.h"
#include "xds/secret_discovery.h"
#include "xds/shown_resource.h"
#include "xds/sources.h"

namespace proa::xds {

/// Main thread. Listeners and clusters hold subscriptions: stop() it, destroy the server, then this.
class DynamicConfig final : public config::DynamicSources, private SourcesObserver {
 public:
  using Bootstrap = envoy::config::bootstrap::v3::Bootstrap;

  DynamicConfig(net::Loop& loop, proxy::Server& server, config::SharedObjects& shared);
  ~DynamicConfig() override;

  // config::DynamicSources
  void begin(const Bootstrap& bootstrap, const config::LoadOptions& options, const config::Site& at) override;
  config::RouteSource routes(const ConfigSource& source, const std::string& name, const config::Site& at) override;
  std::shared_ptr<upstream::EndpointSource> endpoints(const ConfigSource& source, const std::string& name,
                                                      const config::Site& at) override;
  std::shared_ptr<config::SecretSource> secret(const ConfigSource& source, const std::string& name,
                                               const config::Site& at) override;

  /// Once the clusters of the start are there: opens the streams that they may wait for, with secrets above all.
  void fetch_for_start();
  /// Opens all streams and fetches clusters; `done` when they are in force. With the clusters of the start warm.
  void fetch_clusters(std::function<void()> done);
  /// `done` when the listeners are in force.
  void fetch_listeners(std::function<void()> done);
  /// All of one type, by name.
  std::vector<ShownResource> show(std::string_view type_url) const;
  /// Closes the streams; what is in force stays.
  void stop();

 private:
  std::vector<Rejection> on_update(Source& source, const Update& update) override;
  void on_absent(Source& source, std::string_view type_url, std::string_view name) override;
  void on_fetch_timeout(Source& source, std::string_view type_url, std::string_view name) override;
  void subscribe_to_all(std::string_view type_url, const ConfigSource& from);
  Discovery* discovery_of(std::string_view type_url);
  void note_refusals(const Update& update, const std::vector<Rejection>& refused);

  net::Loop& loop_;
  proxy::Server& server_;
  config::SharedObjects& shared_;
  std::unique_ptr<Bootstrap> bootstrap_;  ///< of the start
  std::unique_ptr<config::ResourceCompiler> compiler_;
  std::unique_ptr<Sources> sources_;
  std::unique_ptr<ClusterDiscovery> clusters_;
  std::unique_ptr<EndpointDiscovery> endpoints_;
  std::unique_ptr<ListenerDiscovery> listeners_;
  std::unique_ptr<RouteDiscovery> routes_;
  std::unique_ptr<SecretDiscovery> secrets_;
  struct Refusal {
    std::string reason;
    WallTime at;
  };
  std::map<std::pair<std::string, std::string>, Refusal, std::less<>> refused_;  ///< by type and name: the last one was
};

}  // namespace proa::xds
