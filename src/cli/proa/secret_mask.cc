#include "cli/proa/secret_mask.h"

#include <optional>

#include "config/write_yaml.h"

namespace proa::cli {

namespace {

using config::Node;
using config::YamlTree;

bool is_secret(std::string_view field) { return field == "data" || field == "stringData"; }

Result<std::optional<YamlTree>> read(const std::string& text) {
  if (text.empty()) return std::nullopt;
  config::Problems problems;
  auto tree = config::read_yaml(text, "the answer", problems);
  if (!tree) return fail(problems.str());
  return tree;
}

std::optional<Node> find(const std::optional<YamlTree>& tree, std::string_view field, std::string_view key) {
  const std::optional<Node> values = tree ? tree->root().find(field) : std::nullopt;
  return values ? values->find(key) : std::nullopt;
}

std::string masked(const YamlTree& tree, const std::optional<YamlTree>& other, const std::string& differs) {
  config::YamlWriter writer;
  const Node root = tree.root();
  for (std::size_t i = 0; i < root.size(); ++i) {
    const std::string_view field = root.key(i).text();
    const Node values = root.value(i);
    if (!is_secret(field) || !values.is_mapping()) {
      writer.entry(0, root.key(i), values);
      continue;
    }
    writer.begin_mapping(0, field);
    for (std::size_t at = 0; at < values.size(); ++at) {
      const auto elsewhere = find(other, field, values.key(at).text());
      const bool same = !elsewhere || elsewhere->text() == values.value(at).text();
      writer.plain(2, config::yaml_quoted(values.key(at).text()), same ? "\"***\"" : differs);
    }
  }
  return writer.take();
}

}  // namespace

Status mask_secrets(std::string& before, std::string& after) {
  const auto old_tree = read(before), new_tree = read(after);
  if (!old_tree) return std::unexpected(old_tree.error());
  if (!new_tree) return std::unexpected(new_tree.error());
  if (*old_tree) before = masked(**old_tree, *new_tree, "\"*** (before)\"");
  if (*new_tree) after = masked(**new_tree, *old_tree, "\"*** (after)\"");
  return {};
}

}  // namespace proa::cli
