// LDS: listeners come, change in place and go.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/awaited.h"
#include "config/resource_compile.h"
#include "proxy/server.h"
#include "xds/discovery.h"

namespace proa::xds {

class ListenerDiscovery final : public Discovery {
 public:
  ListenerDiscovery(config::ResourceCompiler& compiler, proxy::Server& server) : compiler_(compiler), server_(server) {}

  /// `done` runs when the listeners of the first update listen, or there will be none.
  void when_first_in_force(std::function<void()> done);

  std::vector<Rejection> on_update(Source& source, const Update& update) override;
  void gave_up(Source& source, std::string_view name) override;

 private:
  Status put(const Resource& resource);
  void first_came();

  config::ResourceCompiler& compiler_;
  proxy::Server& server_;
  std::function<void()> waiting_;
  AwaitedList first_;  ///< what the listeners of the first update wait for
  bool came_ = false;
};

}  // namespace proa::xds
