// structured: what a command prints for programs, as JSON or YAML.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"

namespace CLI {
class App;
}

namespace proa::cli {

/// -o table, json or yaml.
void add_output_option(CLI::App& app, std::string& output);

/// A list as JSON, or with `name` above it as YAML.
Status print_structured(const std::string& name, const nlohmann::ordered_json& list, const std::string& output);

}  // namespace proa::cli
