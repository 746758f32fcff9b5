// Objects of Istio, Kubernetes and the Gateway API in files: what `proa control --config` translates and serves.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "mesh/model/world_feed.h"
#include "mesh/translate/translations.h"
#include "net/loop.h"

namespace proa::cli {

/// Used on its loop's thread.
class MeshFolder {
 public:
  struct Options {
    std::string path;           ///< empty: no folder
    std::string mesh_config{};  ///< a file with the MeshConfig; empty: Istio's defaults
    std::string domain = "cluster.local";
  };

  using Changed = std::function<void(const mesh::WorldChange& change)>;

  /// Reads all there is, logs what is wrong with it, and watches. `changed` is called back with each change after that.
  /// `more` has objects beside the folder's, which have the say.
  static Result<std::unique_ptr<MeshFolder>> open(net::Loop& loop, const Options& options,
                                                  std::unique_ptr<mesh::Source> more, Changed changed);

  std::shared_ptr<const mesh::ResourceSet> of(const mesh::Node& node) { return translations_.of(node); }
  const mesh::WorldFeed& feed() const { return feed_; }
  std::size_t objects() const { return feed_.world()->object_count(); }

 private:
  MeshFolder(std::vector<std::unique_ptr<mesh::Source>> sources, const Options& options, Changed changed);
  void take(const mesh::WorldChange& change);
  void tell_problems();

  Changed changed_;
  mesh::Translations translations_;
  std::set<std::string> told_;  ///< problems there are now, so that each is logged once
  bool open_ = false;
  mesh::WorldFeed feed_;
};

}  // namespace proa::cli
