// journey_print: what proa explain prints.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "mesh/explain/journey.h"

namespace proa::cli {

/// Step by step, as a person reads it.
std::string journey_text(const mesh::Journey& journey);
nlohmann::ordered_json journey_json(const mesh::Journey& journey);

}  // namespace proa::cli
