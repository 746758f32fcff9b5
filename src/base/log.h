// The application log: spdlog with one logger per component, named as Envoy names them.
#pragma once

#include <spdlog/spdlog.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace proa::log {

struct Settings {
  std::string level = "info";
  std::string component_levels;  ///< "http:debug,upstream:trace"
  std::string path;              ///< empty: stderr
  std::string pattern;           ///< spdlog's; empty: spdlog's default
};
/// Call it once, before any thread and any get(). Fails when the file cannot be opened or a level is not known.
Status configure(const Settings& settings);

/// The logger of a component ("http", "upstream", ...). Thread-safe; the reference lives for ever.
spdlog::logger& get(std::string_view component);

}  // namespace proa::log
