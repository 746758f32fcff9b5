// write_yaml: a tree as text again. What is read from the text is the same tree, but for its places: numbers, booleans and
// null stay what they are, and so do texts, which are in quotes or a block unless they are words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/yaml_tree.h"

namespace proa::config {

/// Writes block style, as people do: two columns a level, lists in the column of their key. Entries of one mapping come
/// one after another; `indent` is their column.
class YamlWriter {
 public:
  void entry(std::size_t indent, const Node& key, const Node& value);
  void entry(std::size_t indent, std::string_view key, const Node& value);
  /// A text: quoted unless it is a word.
  void text(std::size_t indent, std::string_view key, std::string_view text);
  /// What is plain: a number, a time. The caller knows that it can be.
  void plain(std::size_t indent, std::string_view key, std::string_view text);
  /// "key:", and its entries follow at `indent + 2`.
  void begin_mapping(std::size_t indent, std::string_view key);

  std::string take() { return std::move(out_); }

 private:
  void column(std::size_t indent) { out_.append(indent, ' '); }
  /// After "key:" or "-", whose own column is `indent`.
  void value(std::size_t indent, const Node& node);
  void items(std::size_t indent, const Node& list);
  void entries(std::size_t indent, const Node& mapping);
  void scalar(std::size_t indent, const Node& node);

  std::string out_;
};

/// In double quotes, with escapes.
std::string yaml_quoted(std::string_view text);

}  // namespace proa::config
