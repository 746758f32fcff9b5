// The application log: spdlog with one logger per component, named as Envoy names them.
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

namespace proa::log {

/// The logger of a component ("http", "upstream", ...). Thread-safe; the reference lives for ever.
spdlog::logger& get(std::string_view component);

}  // namespace proa::log
