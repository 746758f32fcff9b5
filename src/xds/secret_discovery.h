// SDS: certificates and roots by name, used by every TLS context that names them.
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

class SecretDiscovery final : public Discovery {
 public:
  SecretDiscovery(net::Loop& loop, config::ResourceCompiler& compiler) : loop_(loop), compiler_(compiler) {}

  std::shared_ptr<config::SecretSource> secret(Source& source, const std::string& name,
                                               const SubscribeOptions& options);

  std::vector<Rejection> on_update(Source& source, const Update& update) override;
  void gave_up(Source& source, std::string_view name) override;

 private:
  class Entry;
  using Key = std::pair<Source*, std::string>;
  std::shared_ptr<Entry> find(Source& source, std::string_view name);

  net::Loop& loop_;
  config::ResourceCompiler& compiler_;
  std::map<Key, std::weak_ptr<Entry>> entries_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace proa::xds
