#include "mesh/source/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/nearest_name.h"
#include "config/scalar_field.h"
#include "config/scalar_text.h"

namespace proa::mesh {

using config::FieldPath;
using config::Node;

Fields::Fields(const Node& node, const FieldPath& path, std::string_view type, config::Problems& problems)
    : path_(path), type_(type), problems_(problems) {
  if (node.is_mapping()) {
    node_ = node;
  } else {
    problems_.error(node.mark(), path_.str(),
                    fmt::format("is {}, but must be a mapping ({})", config::shown(node, false), type_),
                    node.is_sequence() ? "it takes one value: remove the '- '" : "");
  }
}

std::optional<Node> Fields::find(std::string_view name) {
  if (std::ranges::find(known_, name) == known_.end()) known_.emplace_back(name);
  if (!node_) return std::nullopt;
  std::optional<Node> found = node_->find(name);
  if (found && found->is_null()) return std::nullopt;
  return found;
}

void Fields::error(const config::Mark& at, const FieldPath& path, std::string what, std::string fix) {
  problems_.error(at, path.str(), std::move(what), std::move(fix));
}

void Fields::error(std::string_view name, std::string what, std::string fix) {
  const std::optional<Node> found = find(name);
  const config::Mark at = found ? found->mark() : node_ ? node_->mark() : config::Mark{};
  error(at, path_ / name, std::move(what), std::move(fix));
}

std::optional<std::string> Fields::text_of(const Node& node, const FieldPath& path) {
  const bool number = node.plain() && config::looks_like_number(node.text());
  if (node.is_scalar() && !number && !node.boolean() && !node.is_null()) return std::string(node.text());
  error(node.mark(), path, fmt::format("is {}, but must be a string", config::shown(node, false)),
        node.is_scalar() ? fmt::format("write \"{}\"", node.text()) : "");
  return std::nullopt;
}

std::optional<std::string> Fields::text(std::string_view name) {
  const std::optional<Node> node = find(name);
  return node ? text_of(*node, path_ / name) : std::nullopt;
}

std::string Fields::text_or(std::string_view name, std::string_view fallback) {
  return text(name).value_or(std::string(fallback));
}

std::optional<std::int64_t> Fields::number(std::string_view name, std::int64_t least, std::int64_t most) {
  const std::optional<Node> node = find(name);
  if (!node) return std::nullopt;
  std::optional<config::Whole> whole;
  if (node->is_scalar() && node->plain()) whole = config::whole_number(node->text(), true);
  const bool fits = whole && !whole->overflow && whole->magnitude <= INT64_MAX;
  const std::int64_t value = !fits ? 0 : (whole->negative ? -1 : 1) * static_cast<std::int64_t>(whole->magnitude);
  if (fits && value >= least && value <= most) return value;
  error(name, fmt::format("is {}, but must be a whole number from {} to {}", config::shown(*node, false), least, most));
  return std::nullopt;
}

std::optional<bool> Fields::boolean(std::string_view name) {
  const std::optional<Node> node = find(name);
  if (!node) return std::nullopt;
  if (const auto value = node->boolean()) return value;
  error(name, fmt::format("is {}, but must be true or false", config::shown(*node, false)));
  return std::nullopt;
}

bool Fields::is_list(const Node& node, const FieldPath& path) {
  if (node.is_sequence()) return true;
  error(node.mark(), path, fmt::format("is {}, but must be a list", config::shown(node, false)),
        "begin each item with '- '");
  return false;
}

std::vector<std::string> Fields::texts(std::string_view name) {
  std::vector<std::string> out;
  each(name, [&](const Node& item, const FieldPath& path) {
    if (auto text = text_of(item, path)) out.push_back(std::move(*text));
  });
  return out;
}

Labels Fields::labels(std::string_view name) {
  Labels out;
  each_entry(name, [&](std::string_view key, const Node& value, const FieldPath& path) {
    if (value.is_null()) {
      out.emplace(key, "");
    } else if (auto text = text_of(value, path)) {
      out.emplace(key, std::move(*text));
    }
  });
  return out;
}

std::optional<std::string> Fields::one_of(std::string_view name, const std::vector<std::string>& known) {
  std::optional<std::string> value = text(name);
  if (!value || std::ranges::find(known, *value) != known.end()) return value;
  std::string fix = config::did_you_mean(config::nearest_names(*value, known));
  if (fix.empty()) fix = "write " + config::one_of(known);
  error(name, fmt::format("is {}, which it cannot be", config::shown(*value)), std::move(fix));
  return std::nullopt;
}

std::optional<Fields::NumberOrName> Fields::number_or_name(std::string_view name) {
  const std::optional<Node> node = find(name);
  if (!node) return std::nullopt;
  if (node->is_scalar() && !node->plain()) return NumberOrName{.name = std::string(node->text())};
  if (node->is_scalar() && !config::looks_like_number(node->text())) {
    return NumberOrName{.name = std::string(node->text())};
  }
  const auto value = number(name, 1, 65535);
  return value ? std::optional(NumberOrName{.number = static_cast<std::uint32_t>(*value)}) : std::nullopt;
}

void Fields::object(std::string_view name, const Read& read) {
  const std::optional<Node> node = find(name);
  if (node) read(*node, path_ / name);
}

void Fields::each(std::string_view name, const Read& read) {
  const std::optional<Node> node = find(name);
  if (!node) return;
  const FieldPath list = path_ / name;
  if (!is_list(*node, list)) return;
  for (std::size_t i = 0; i < node->size(); ++i) read(node->item(i), list[i]);
}

void Fields::each_entry(std::string_view name,
                        const std::function<void(std::string_view, const Node&, const FieldPath&)>& read) {
  const std::optional<Node> node = find(name);
  if (!node) return;
  const FieldPath map = path_ / name;
  if (!node->is_mapping()) {
    return error(node->mark(), map, fmt::format("is {}, but must be a mapping", config::shown(*node, false)));
  }
  for (std::size_t i = 0; i < node->size(); ++i) {
    const std::string_view key = node->key(i).text();
    read(key, node->value(i), map.entry(key));
  }
}

void Fields::ignore(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) find(name);
}

void Fields::require(std::string_view name) {
  const std::optional<Node> node = find(name);
  if (!node_) return;
  if (!node || (node->is_scalar() ? node->text().empty() : node->size() == 0)) error(name, "is missing");
}

void Fields::done() {
  if (!node_) return;
  for (std::size_t i = 0; i < node_->size(); ++i) {
    const Node key = node_->key(i);
    if (std::ranges::find(known_, key.text()) != known_.end()) continue;
    std::string fix = config::did_you_mean(config::nearest_names(key.text(), known_));
    if (fix.empty() && known_.size() <= 12) fix = fmt::format("{} has {}", type_, fmt::join(known_, ", "));
    error(key.mark(), path_.entry(key.text()), fmt::format("unknown field of {}", type_), std::move(fix));
  }
}

}  // namespace proa::mesh
