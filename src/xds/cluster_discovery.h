// CDS: clusters come and go.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/resource_compile.h"
#include "proxy/server.h"
#include "xds/discovery.h"

namespace proa::xds {

class ClusterDiscovery final : public Discovery {
 public:
  ClusterDiscovery(config::ResourceCompiler& compiler, proxy::Server& server) : compiler_(compiler), server_(server) {}

  /// `done` runs when the first update is in force, its clusters warm, or there will be none.
  void when_first_in_force(std::function<void()> done);

  std::vector<Rejection> on_update(Source& source, const Update& update) override;
  void gave_up(Source& source, std::string_view name) override;

 private:
  void first_came();

  config::ResourceCompiler& compiler_;
  proxy::Server& server_;
  std::function<void()> waiting_;
  bool came_ = false;
};

}  // namespace proa::xds
