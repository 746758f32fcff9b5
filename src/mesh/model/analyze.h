// analyze: what is wrong among objects that are each well by themselves: references to nothing, two that contradict
// each other. Codes and names are those of `istioctl analyze` (istio/pkg/config/analysis/msg/messages.yaml).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"
#include "mesh/model/world.h"

namespace proa::mesh {

enum class Level : std::uint8_t { error, warning, info };

struct Finding {
  std::string_view code{};  ///< "IST0101"
  std::string_view name{};  ///< "ReferencedResourceNotFound"
  Level level = Level::error;
  Origin origin{};
  std::string path{};  ///< within the object; may be empty
  std::string what{};
  std::string fix{};
};

/// In the order of files and lines.
std::vector<Finding> analyze(const World& world);

/// A problem of one object: SchemaValidationError or SchemaWarning.
Finding finding_of(const config::Problem& problem);

std::string_view name_of(Level level);

}  // namespace proa::mesh
