// What finds a cluster's endpoints.
#pragma once

#include <memory>

namespace proa::upstream {

class Cluster;

/// Main thread. Owned by its cluster; calls Cluster::assign() and discovery_answered(). Destroying it ends it.
class Discovery {
 public:
  virtual ~Discovery() = default;
  virtual void start() = 0;
};

/// For the cluster's type; null for STATIC, whose endpoints are in the specification, and ORIGINAL_DST.
std::unique_ptr<Discovery> make_discovery(Cluster& cluster);

}  // namespace proa::upstream
