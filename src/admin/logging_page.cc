// Levels of the application log, for each component.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "admin/pages.h"
#include "base/log.h"

namespace proa::admin {
namespace {

using Level = spdlog::level::level_enum;

/// Components that may have said nothing yet; log::get() makes their loggers on the way.
constexpr std::string_view kComponents[] = {"admin", "config", "connection", "main", "tracing", "upstream"};

std::optional<Level> level_of(std::string_view name) {
  const Level level = spdlog::level::from_str(std::string(name));
  // from_str makes "off" of everything that it does not know.
  if (level == spdlog::level::off && name != "off") return std::nullopt;
  return level;
}

std::map<std::string, std::shared_ptr<spdlog::logger>> loggers() {
  for (std::string_view component : kComponents) log::get(component);
  std::map<std::string, std::shared_ptr<spdlog::logger>> all;
  spdlog::apply_all([&](const std::shared_ptr<spdlog::logger>& logger) {
    if (!logger->name().empty()) all[logger->name()] = logger;
  });
  return all;
}

std::string levels_text() {
  std::string text = "active loggers:\n";
  for (const auto& [name, logger] : loggers()) {
    fmt::format_to(std::back_inserter(text), "  {}: {}\n", name, spdlog::level::to_string_view(logger->level()));
  }
  return text;
}

struct Change {
  std::shared_ptr<spdlog::logger> logger;  // null: all
  Level level;
};

/// level=L for all; paths=NAME:L,NAME:L and NAME=L for one.
Result<std::vector<Change>> changes(const Query& query) {
  const auto known = loggers();
  std::vector<Change> out;
  auto add = [&](std::string_view name, std::string_view level) -> Status {
    auto parsed = level_of(level);
    if (!parsed) {
      return fail(fmt::format("unknown level \"{}\": use trace, debug, info, warning, error, critical or off", level));
    }
    if (name == "level") {
      out.push_back({nullptr, *parsed});
      return {};
    }
    auto logger = known.find(std::string(name));
    if (logger == known.end()) return fail(fmt::format("there is no logger \"{}\"", name));
    out.push_back({logger->second, *parsed});
    return {};
  };
  for (const auto& [name, value] : query.all()) {
    std::string_view rest = name == "paths" ? std::string_view(value) : std::string_view();
    if (name != "paths") {
      if (Status added = add(name, value); !added) return std::unexpected(added.error());
    }
    while (!rest.empty()) {
      std::string_view pair = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
      size_t colon = pair.find(':');
      if (colon == pair.npos) return fail(fmt::format("\"{}\" is not NAME:level", pair));
      if (Status added = add(pair.substr(0, colon), pair.substr(colon + 1)); !added) {
        return std::unexpected(added.error());
      }
    }
  }
  return out;
}

}  // namespace

Response logging_page(Admin&, const Request& request) {
  if (request.query.empty()) return {.body = levels_text()};
  if (request.method != http::Method::kPost) {
    Response refused = refuse(405, "to change levels, use POST");
    refused.allow = "POST";
    return refused;
  }
  auto wanted = changes(request.query);
  if (!wanted) return refuse(400, wanted.error().message);
  for (const Change& change : *wanted) {
    if (change.logger) {
      change.logger->set_level(change.level);
    } else {
      spdlog::set_level(change.level);  // also of loggers to come
    }
  }
  return {.body = levels_text()};
}

}  // namespace proa::admin
