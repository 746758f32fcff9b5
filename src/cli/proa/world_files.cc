#include "cli/proa/world_files.h"

#include <CLI/CLI.hpp>

#include <cstdio>

#include "mesh/model/world_feed.h"
#include "mesh/source/folder_source.h"
#include "net/loop.h"

namespace proa::cli {

void add_world_options(CLI::App& app, WorldFiles& files, bool required) {
  auto* config = app.add_option("--config", files.config,
                                "files and folders with objects of Istio, Kubernetes and the Gateway API; may be given "
                                "several times")
                     ->required(required)
                     ->allow_extra_args(false)
                     ->option_text("FILES");
  app.add_option("--mesh-config", files.mesh_config, "a file with the MeshConfig")->needs(config)->option_text("FILE");
  app.add_option("--domain", files.domain, "the cluster's DNS domain (cluster.local)")
      ->needs(config)
      ->option_text("NAME");
}

Result<std::shared_ptr<const mesh::World>> read_world(const WorldFiles& files) {
  net::Loop loop;
  std::vector<std::unique_ptr<mesh::Source>> sources;
  const auto add = [&](const std::string& path, std::optional<mesh::Kind> implied) {
    sources.push_back(
        std::make_unique<mesh::FolderSource>(loop, mesh::FolderSource::Options{.path = path, .implied = implied}));
  };
  if (!files.mesh_config.empty()) add(files.mesh_config, mesh::Kind::mesh_config);
  for (const std::string& file : files.config) add(file, std::nullopt);
  mesh::WorldFeed feed(std::move(sources), files.domain);
  if (Status started = feed.start([](const mesh::WorldChange&) {}); !started) return std::unexpected(started.error());
  for (const config::Problem& problem : feed.problems()) {
    if (problem.severity == config::Severity::error) std::fputs((problem.str() + "\n").c_str(), stderr);
  }
  return feed.world();
}

}  // namespace proa::cli
