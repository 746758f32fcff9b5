// object_files: what -f names, as texts.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace proa::cli {

struct ObjectFile {
  std::string name;  ///< as messages call it
  std::string text;
};

/// Files, folders (their .yaml, .yml and .json files by name; with `recursive` those in folders below too) and "-" for
/// standard input.
Result<std::vector<ObjectFile>> read_object_files(const std::vector<std::string>& paths, bool recursive);

}  // namespace proa::cli
