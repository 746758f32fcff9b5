// kind_columns: what tables tell of the objects of one kind, beside their names: those columns that kubectl has for it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/yaml_tree.h"
#include "mesh/source/kind.h"

namespace proa::cli {

struct KindColumn {
  std::string_view title;
  std::string_view path;      ///< "spec.mtls.mode"
  std::string_view absent{};  ///< what an object means that says nothing; empty: "-"
};

std::span<const KindColumn> columns_of(mesh::Kind kind);
/// A text, or the texts of a list with commas between.
std::string cell_of(const config::Node& object, const KindColumn& column);

}  // namespace proa::cli
