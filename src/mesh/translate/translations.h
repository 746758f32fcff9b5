// Translations: what each proxy gets of the newest World, translated when it is asked for.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "mesh/push/node.h"
#include "mesh/push/resource.h"
#include "mesh/translate/proxy_node.h"

namespace proa::mesh {

class World;

/// On one thread.
class Translations {
 public:
  /// What is asked for from now on is of this World.
  void set(std::shared_ptr<const World> world);

  /// The same set as before where nothing of it has changed; what of a new one has not changed is shared with the old.
  /// Null before the first World, and for a node that proxy_node() does not take.
  std::shared_ptr<const ResourceSet> of(const Node& node);

 private:
  struct Entry {
    ProxyNode node;
    std::shared_ptr<const World> world{};    ///< that `set` is of
    std::weak_ptr<const ResourceSet> set{};  ///< held by its streams
  };

  std::shared_ptr<const World> world_;
  std::map<std::string, Entry, std::less<>> entries_;  // by the node's id
};

}  // namespace proa::mesh
