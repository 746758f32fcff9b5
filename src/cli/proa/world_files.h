// world_files: a World of objects in files, offline, for commands that tell what would be.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "mesh/model/world.h"

namespace CLI {
class App;
}

namespace proa::cli {

struct WorldFiles {
  std::vector<std::string> config{};  ///< files and folders
  std::string mesh_config{};          ///< a file with the MeshConfig; empty: Istio's defaults
  std::string domain = "cluster.local";
};

/// --config, --mesh-config, --domain.
void add_world_options(CLI::App& app, WorldFiles& files, bool required = true);

/// Objects that are wrong are left out, and told on stderr.
Result<std::shared_ptr<const mesh::World>> read_world(const WorldFiles& files);

}  // namespace proa::cli
