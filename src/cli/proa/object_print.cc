#include "cli/proa/object_print.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/proa/api_client.h"
#include "config/scalar_text.h"
#include "config/yaml_tree.h"

namespace proa::cli {

namespace {

using Json = nlohmann::ordered_json;

Json scalar(const config::Node& node) {
  if (node.is_null()) return nullptr;
  if (const auto boolean = node.boolean()) return *boolean;
  std::string text(node.text());
  if (!node.plain() || !config::looks_like_number(text)) return text;
  if (const auto whole = config::whole_number(text, true);
      whole && !whole->overflow && config::looks_like_integer(text)) {
    if (!whole->negative) return whole->magnitude;
    if (whole->magnitude <= INT64_MAX) return -static_cast<std::int64_t>(whole->magnitude);
  }
  const auto real = config::real_number(text);
  return real && std::isfinite(*real) ? Json(*real) : Json(text);
}

Json json_of(const config::Node& node) {
  if (node.is_scalar()) return scalar(node);
  if (node.is_sequence()) {
    Json out = Json::array();
    for (std::size_t i = 0; i < node.size(); ++i) out.push_back(json_of(node.item(i)));
    return out;
  }
  Json out = Json::object();
  for (std::size_t i = 0; i < node.size(); ++i) out[std::string(node.key(i).text())] = json_of(node.value(i));
  return out;
}

}  // namespace

std::string age_of(std::int64_t seconds) {
  if (seconds < 0) return "-";
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 600)
    return seconds % 60 == 0 ? fmt::format("{}m", seconds / 60) : fmt::format("{}m{}s", seconds / 60, seconds % 60);
  if (seconds < 3 * 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

namespace {

/// Those of an object that has no text, because it is gone, say nothing.
void add_cells(const api::Object& object, std::span<const KindColumn> columns, std::vector<std::string>& row) {
  if (columns.empty()) return;
  config::Problems problems;
  const auto tree = config::read_yaml(object.text(), "the answer", problems);
  for (const KindColumn& column : columns) {
    row.push_back(tree && tree->root().is_mapping() ? cell_of(tree->root(), column) : "-");
  }
}

}  // namespace

Rows object_rows(const std::vector<api::Object>& objects, const TableLook& look) {
  Rows rows{{"NAME"}};
  for (const KindColumn& column : look.columns) rows.front().emplace_back(column.title);
  rows.front().insert(rows.front().end(), {"AGE", "VERSION", "FROM"});
  if (look.namespaces) rows.front().insert(rows.front().begin(), "NAMESPACE");
  for (const api::Object& object : objects) {
    auto& row = rows.emplace_back();
    if (look.namespaces) row.push_back(object.name().namespace_().empty() ? "-" : object.name().namespace_());
    row.push_back(look.kinds ? shown(object.name()) : object.name().name());
    add_cells(object, look.columns, row);
    row.push_back(object.created() == 0 ? "-" : age_of(look.now - object.created()));
    row.push_back(object.resource_version() == 0 ? "-" : std::to_string(object.resource_version()));
    row.push_back(object.file().empty() ? "api" : object.file());
  }
  return rows;
}

void print_yaml(const std::vector<api::Object>& objects) {
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (i > 0) std::fputs("---\n", stdout);
    std::fputs(objects[i].text().c_str(), stdout);
  }
}

Result<Json> object_json(const api::Object& object) {
  config::Problems problems;
  const auto tree = config::read_yaml(object.text(), "the answer", problems);
  if (!tree) return fail(problems.str());
  return json_of(tree->root());
}

Status print_json(const std::vector<api::Object>& objects, bool one) {
  Json items = Json::array();
  for (const api::Object& object : objects) {
    auto json = object_json(object);
    if (!json) return std::unexpected(json.error());
    items.push_back(std::move(*json));
  }
  const Json out =
      one && items.size() == 1 ? items.front() : Json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", items}};
  std::puts(out.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  return {};
}

}  // namespace proa::cli
