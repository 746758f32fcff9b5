// WorldFeed: makes a World of what sources give, again with each change, and knows all that is wrong now.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "mesh/model/world.h"
#include "mesh/source/source.h"

namespace proa::mesh {

/// What is new in a World, by key. `moved` objects are only written in another line.
struct WorldChange {
  std::shared_ptr<const World> world;
  std::vector<ObjectKey> changed{};  ///< new, different or removed
  std::vector<ObjectKey> moved{};
};

/// Used on the thread of its sources.
class WorldFeed {
 public:
  using Changed = std::move_only_function<void(const WorldChange&)>;

  /// Of two sources that have the same object the first wins.
  WorldFeed(std::vector<std::unique_ptr<Source>> sources, std::string domain = "cluster.local");
  ~WorldFeed();

  /// Calls back with the first World, before it returns, then with each that follows; with the same once more where
  /// only problems() may have changed.
  Status start(Changed changed);

  const std::shared_ptr<const World>& world() const { return world_; }

  /// As the source that has the say wrote it. Null where there is no such object, and where there is one source alone,
  /// whose texts are not kept.
  std::shared_ptr<const Document> document(const ObjectKey& key) const;
  /// All of these, by key.
  std::vector<std::shared_ptr<const Document>> documents() const;

  /// Of all sources, and of all objects: an object that is broken stays as it was when it was last well.
  std::vector<config::Problem> problems() const;

 private:
  void take(std::size_t source, SourceChange change);

  std::vector<std::unique_ptr<Source>> sources_;
  std::shared_ptr<const World> world_;
  Changed changed_;
  bool started_ = false;
  WorldChange gathered_;
  /// Which sources have the object, and for the first of them what is wrong with it.
  std::map<ObjectKey, std::map<std::size_t, std::shared_ptr<const Document>>> documents_;
  std::map<ObjectKey, std::vector<config::Problem>> problems_;
  std::set<ObjectKey> contested_;                ///< those that more than one source has
  std::map<ObjectKey, std::uint64_t> contents_;  // of the objects in the World
};

}  // namespace proa::mesh
