#include "mesh/source/origin.h"

#include <fmt/format.h>

namespace proa::mesh {

std::string shown(const Origin& origin) {
  if (origin.file.empty()) return origin.object;
  const std::string place = origin.line == 0 ? origin.file : fmt::format("{}:{}", origin.file, origin.line);
  return origin.object.empty() ? place : fmt::format("{} ({})", origin.object, place);
}

}  // namespace proa::mesh
