// RDS: route tables by name, each compiled once and used by every connection manager that names it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "config/dynamic_sources.h"
#include "config/resource_compile.h"
#include "net/loop.h"
#include "xds/discovery.h"

namespace proa::xds {

class RouteDiscovery final : public Discovery {
 public:
  RouteDiscovery(net::Loop& loop, config::ResourceCompiler& compiler) : loop_(loop), compiler_(compiler) {}

  /// One slot for a name of a source, for as long as somebody holds it.
  config::RouteSource routes(Source& source, const std::string& name, const SubscribeOptions& options);

  std::vector<Rejection> on_update(Source& source, const Update& update) override;
  void gave_up(Source& source, std::string_view name) override;

 private:
  struct Entry {
    std::weak_ptr<proxy::RouteSlot> slot;
    std::shared_ptr<Awaited> arrival;
  };
  using Key = std::pair<Source*, std::string>;
  Status fill(Entry& entry, const google::protobuf::Any& body);
  void let_go(const Key& key);

  net::Loop& loop_;
  config::ResourceCompiler& compiler_;
  std::map<Key, Entry> entries_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace proa::xds
