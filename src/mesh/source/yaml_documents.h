// yaml_documents: the text of a file as the objects in it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "config/problems.h"
#include "mesh/source/document.h"

namespace proa::mesh {

struct Documents {
  std::vector<Document> good;
  /// Objects that are named but whose metadata is not well: as far as this file goes, they are still there.
  std::vector<ObjectKey> broken;
};

/// Reads YAML (many documents, also a `kind: List`) or, by the ending of `file`, JSON. Nothing when the text as a whole
/// cannot be read. With `implied` the one document has neither apiVersion nor kind, because the file says what it is.
std::optional<Documents> read_documents(std::string_view text, std::string_view file, config::Problems& problems,
                                        std::optional<Kind> implied = std::nullopt);

}  // namespace proa::mesh
