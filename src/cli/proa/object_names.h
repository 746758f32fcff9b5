// object_names: what people type for kinds and objects: vs, virtualservices, httproute/shop, gw a b.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mesh/source/kind.h"

namespace proa::cli {

/// A kind by its name, plural or short name, in capitals or not, with its group behind a dot or without.
Result<mesh::Kind> find_kind(std::string_view word);

/// Kinds, or objects of one namespace.
struct ObjectNames {
  struct One {
    mesh::Kind kind;
    std::string name;
  };
  std::vector<mesh::Kind> kinds{};  ///< "vs", "vs,dr"
  std::vector<One> objects{};       ///< "vs a b", "vs/a dr/b"; then `kinds` is empty

  static Result<ObjectNames> parse(const std::vector<std::string>& words);
};

/// "virtualservices (vs), ...", for the help of commands.
std::string known_kinds();

}  // namespace proa::cli
