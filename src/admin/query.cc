#include "admin/query.h"

#include "base/arena.h"
#include "http/percent.h"
#include "http/query.h"

namespace proa::admin {

Query Query::parse(std::string_view target) {
  Query query;
  Arena arena;
  auto decoded = [&](std::string_view text) { return std::string(http::percent_decode(text, arena).value_or(text)); };
  http::for_each_query_parameter(target, [&](http::QueryParameter parameter) {
    query.parameters_.emplace_back(decoded(parameter.name), decoded(parameter.value));
    return true;
  });
  return query;
}

const std::string* Query::find(std::string_view name) const {
  for (const auto& [key, value] : parameters_) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string_view Query::value(std::string_view name) const {
  const std::string* found = find(name);
  return found ? std::string_view(*found) : std::string_view();
}

std::vector<std::string_view> Query::values(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const auto& [key, value] : parameters_) {
    if (key == name) out.push_back(value);
  }
  return out;
}

}  // namespace proa::admin
