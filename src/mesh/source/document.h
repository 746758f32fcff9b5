// One object as it was written: its key and metadata, and the tree that holds the rest with the place of everything.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "config/yaml_tree.h"
#include "mesh/source/kind.h"
#include "mesh/source/origin.h"

namespace proa::mesh {

using Labels = std::map<std::string, std::string, std::less<>>;

/// metadata of an object.
struct Meta {
  std::string name{};
  std::string ns{};  ///< "default" where none is written; empty for kinds without one
  Labels labels{};
  Labels annotations{};
  std::int64_t created = 0;  ///< creationTimestamp, seconds since 1970; 0: not written. Older objects win
  Origin origin{};
};

/// Immutable.
struct Document {
  ObjectKey key;
  Meta meta;
  std::shared_ptr<const config::YamlTree> tree;
  config::Node root;           ///< the object, in `tree`
  std::uint64_t contents = 0;  ///< hash of what is written, without its places
};

}  // namespace proa::mesh
