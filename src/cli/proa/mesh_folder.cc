#include "cli/proa/mesh_folder.h"

#include "base/log.h"
#include "mesh/source/folder_source.h"

namespace proa::cli {

Result<std::unique_ptr<MeshFolder>> MeshFolder::open(net::Loop& loop, const Options& options,
                                                     std::unique_ptr<mesh::Source> more, Changed changed) {
  std::vector<std::unique_ptr<mesh::Source>> sources;
  const auto add = [&](const std::string& path, std::optional<mesh::Kind> implied) {
    sources.push_back(
        std::make_unique<mesh::FolderSource>(loop, mesh::FolderSource::Options{.path = path, .implied = implied}));
  };
  // Of two sources that have the same object the first wins: the file that is named for it.
  if (!options.mesh_config.empty()) add(options.mesh_config, mesh::Kind::mesh_config);
  if (!options.path.empty()) add(options.path, std::nullopt);
  if (more) sources.push_back(std::move(more));
  std::unique_ptr<MeshFolder> out(new MeshFolder(std::move(sources), options, std::move(changed)));
  MeshFolder* self = out.get();
  const Status started = out->feed_.start([self](const mesh::WorldChange& change) { self->take(change); });
  if (!started) return std::unexpected(started.error());
  out->open_ = true;
  return out;
}

MeshFolder::MeshFolder(std::vector<std::unique_ptr<mesh::Source>> sources, const Options& options, Changed changed)
    : changed_(std::move(changed)), feed_(std::move(sources), options.domain) {}

void MeshFolder::take(const mesh::WorldChange& change) {
  tell_problems();
  if (open_ && change.changed.empty() && change.moved.empty()) return;
  translations_.set(change.world);
  if (!open_) return;
  log::get("main").info("{} objects have changed: {} in all", change.changed.size(), change.world->object_count());
  changed_(change);
}

void MeshFolder::tell_problems() {
  std::set<std::string> now;
  for (const config::Problem& problem : feed_.problems()) {
    std::string text = problem.str();
    if (!told_.contains(text)) {
      problem.severity == config::Severity::error ? log::get("main").error("{}", text)
                                                  : log::get("main").warn("{}", text);
    }
    now.insert(std::move(text));
  }
  told_ = std::move(now);
}

}  // namespace proa::cli
