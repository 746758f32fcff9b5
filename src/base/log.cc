#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>

#include <mutex>

namespace proa::log {

spdlog::logger& get(std::string_view component) {
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  std::string name(component);
  if (auto existing = spdlog::get(name)) return *existing;
  static auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>(name, sink);
  spdlog::initialize_logger(logger);
  return *logger;
}

}  // namespace proa::log
