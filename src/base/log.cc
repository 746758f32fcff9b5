#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <map>
#include <mutex>

namespace proa::log {
namespace {

struct State {
  std::mutex mutex;
  spdlog::sink_ptr sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  spdlog::level::level_enum level = spdlog::level::info;
  std::map<std::string, spdlog::level::level_enum, std::less<>> component_levels;
};

State& state() {
  static State state;
  return state;
}

Result<spdlog::level::level_enum> parse_level(const std::string& text) {
  spdlog::level::level_enum level = spdlog::level::from_str(text);
  if (level == spdlog::level::off && text != "off") {
    return fail("\"" + text + "\" is no log level; use trace, debug, info, warning, error, critical or off");
  }
  return level;
}

}  // namespace

Status configure(const Settings& settings) {
  State& s = state();
  std::lock_guard lock(s.mutex);
  Result<spdlog::level::level_enum> level = parse_level(settings.level);
  if (!level) return std::unexpected(level.error());
  s.level = *level;
  std::string_view rest = settings.component_levels;
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::string_view entry = rest.substr(0, comma);
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    const size_t colon = entry.find(':');
    if (colon == entry.npos) return fail("\"" + std::string(entry) + "\" is not COMPONENT:LEVEL");
    Result<spdlog::level::level_enum> own = parse_level(std::string(entry.substr(colon + 1)));
    if (!own) return std::unexpected(own.error());
    s.component_levels[std::string(entry.substr(0, colon))] = *own;
  }
  if (!settings.path.empty()) {
    try {
      s.sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(settings.path);
    } catch (const spdlog::spdlog_ex& error) {
      return fail(error.what());
    }
  }
  if (!settings.pattern.empty()) s.sink->set_pattern(settings.pattern);
  return {};
}

spdlog::logger& get(std::string_view component) {
  State& s = state();
  std::lock_guard lock(s.mutex);
  std::string name(component);
  if (auto existing = spdlog::get(name)) return *existing;
  auto logger = std::make_shared<spdlog::logger>(name, s.sink);
  auto own = s.component_levels.find(component);
  logger->set_level(own == s.component_levels.end() ? s.level : own->second);
  logger->flush_on(spdlog::level::info);
  spdlog::register_logger(logger);
  return *logger;
}

}  // namespace proa::log
