// EDS: the endpoints of clusters, by the name that a cluster asks for them under.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/resource_compile.h"
#include "net/loop.h"
#include "upstream/endpoint_source.h"
#include "xds/discovery.h"

namespace proa::xds {

class EndpointDiscovery final : public Discovery {
 public:
  EndpointDiscovery(net::Loop& loop, config::ResourceCompiler& compiler) : loop_(loop), compiler_(compiler) {}

  /// For one cluster. It outlives this only without a subscription.
  std::shared_ptr<upstream::EndpointSource> endpoints(Source& source, std::string name,
                                                      const SubscribeOptions& options);

  std::vector<Rejection> on_update(Source& source, const Update& update) override;
  void gave_up(Source& source, std::string_view name) override;

 private:
  class Subscriber;
  using Key = std::pair<Source*, std::string>;

  net::Loop& loop_;
  config::ResourceCompiler& compiler_;
  std::multimap<Key, Subscriber*> subscribers_;
};

}  // namespace proa::xds
