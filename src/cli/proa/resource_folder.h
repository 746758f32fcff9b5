// Envoy resources in files: what `proa control --resources` serves.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "mesh/push/node.h"
#include "mesh/push/resource.h"

namespace proa::cli {

/// A folder as read at one time. Immutable.
///
///   DIR/*.yaml        for every proxy: each a DiscoveryResponse, as Envoy's path_config_source takes it:
///                     resources: [{"@type": type.googleapis.com/envoy.config.cluster.v3.Cluster, name: ...}, ...]
///   DIR/NAME/*.yaml   for proxies with that --service-node or, if there is no such folder, --service-cluster; a
///                     resource of the same name takes the place of the common one
class ResourceFolder {
 public:
  /// Fails with every problem of every file, a line each: files that cannot be read, rules of Envoy's API that a resource
  /// breaks, two resources of one type and name.
  static Result<ResourceFolder> read(const std::string& path);

  std::shared_ptr<const mesh::ResourceSet> of(const mesh::Node& node) const;
  /// Where files are, to be watched.
  const std::vector<std::string>& directories() const { return directories_; }
  size_t resources() const;

 private:
  std::shared_ptr<const mesh::ResourceSet> common_;
  std::map<std::string, std::shared_ptr<const mesh::ResourceSet>> own_;
  std::vector<std::string> directories_;
};

}  // namespace proa::cli
