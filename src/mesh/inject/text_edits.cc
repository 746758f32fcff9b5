#include "mesh/inject/text_edits.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/write_yaml.h"

namespace proa::mesh {

namespace {

using config::Mark;
using config::Node;

std::unexpected<Error> refuse(Mark mark, std::string_view why) {
  return fail(fmt::format("{}:{}:{}: {}", mark.file, mark.line, mark.column, why));
}

constexpr std::string_view kNotInLines = "is not written in lines of its own; write it so (kubectl get -o yaml does)";

}  // namespace

TextEdits::TextEdits(std::string_view text) : text_(text) {
  lines_.push_back(0);
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    lines_.push_back(at + 1);
  }
}

/// Columns count characters, not bytes.
std::size_t TextEdits::offset_of(Mark mark) const {
  if (mark.line == 0 || mark.line > lines_.size()) return text_.size();
  std::size_t at = lines_[mark.line - 1];
  for (std::uint32_t column = 1; column < mark.column && at < text_.size(); ++column) {
    do ++at;
    while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xc0) == 0x80);
  }
  return at;
}

std::size_t TextEdits::column_of(std::size_t offset) const {
  return offset - *std::prev(std::ranges::upper_bound(lines_, offset));
}

/// Behind the last byte of a node; nothing where that cannot be told (an empty value, a block of text).
std::optional<std::size_t> TextEdits::end_of(Node node) const {
  const std::size_t begin = offset_of(node.mark());
  if (begin >= text_.size()) return std::nullopt;
  const char first = text_[begin];
  if (node.is_scalar()) {
    if (first == '"' || first == '\'') {
      for (std::size_t at = begin + 1; at < text_.size(); ++at) {
        if (text_[at] == '\\' && first == '"') {
          ++at;
        } else if (text_[at] == first) {
          if (first == '\'' && text_.substr(at + 1).starts_with('\'')) {
            ++at;
          } else {
            return at + 1;
          }
        }
      }
      return std::nullopt;
    }
    if (node.text().empty() || !text_.substr(begin).starts_with(node.text())) return std::nullopt;
    return begin + node.text().size();
  }
  const bool flow = first == '{' || first == '[';
  if (node.size() == 0) return flow ? std::optional(text_.find(first == '{' ? '}' : ']', begin) + 1) : std::nullopt;
  const Node last = node.is_mapping() ? node.value(node.size() - 1) : node.item(node.size() - 1);
  const auto end = end_of(last);
  if (!flow || !end) return end;
  const std::size_t close = text_.find_first_not_of(" \t\r\n,", *end);
  if (close == std::string_view::npos || text_[close] != (first == '{' ? '}' : ']')) return std::nullopt;
  return close + 1;
}

Status TextEdits::put(std::size_t at, std::size_t length, const std::string& text, Mark mark) {
  const auto next = changes_.lower_bound(at);
  const bool into_next = length > 0 && next != changes_.end() && next->first < at + length;
  const bool into_before = next != changes_.begin() && std::prev(next)->first + std::prev(next)->second.length > at;
  Change& change = changes_[at];
  if (into_next || into_before || (length > 0 && change.length > 0)) {
    return refuse(mark, "is used in several places by an alias; write it out in each");
  }
  change.length = std::max(change.length, length);
  change.text += text;
  return {};
}

Status TextEdits::insert_lines(std::size_t at, const Lines& lines, Mark mark) {
  const std::string indent(column_of(at), ' ');
  std::string text;
  for (const std::string& line : lines) text += line + "\n" + indent;
  return put(at, 0, text, mark);
}

Status TextEdits::add_entries(Node mapping, const Lines& lines) {
  const std::size_t at = offset_of(mapping.mark());
  if (!mapping.is_mapping() || mapping.size() == 0 || at >= text_.size() || text_[at] == '{') {
    return refuse(mapping.mark(), kNotInLines);
  }
  return insert_lines(offset_of(mapping.key(0).mark()), lines, mapping.mark());
}

Status TextEdits::add_text(Node mapping, std::string_view key, std::string_view value) {
  return add_raw(mapping, fmt::format("{}: {}", key, config::yaml_quoted(value)));
}

Status TextEdits::add_raw(Node mapping, const std::string& entry) {
  const std::size_t at = offset_of(mapping.mark());
  if (!mapping.is_mapping() || at >= text_.size()) return refuse(mapping.mark(), kNotInLines);
  if (text_[at] != '{') return add_entries(mapping, {entry});
  return put(at + 1, 0, entry + (mapping.size() == 0 ? "" : ", "), mapping.mark());
}

Status TextEdits::add_items(Node sequence, const Lines& lines) {
  const std::size_t at = offset_of(sequence.mark());
  if (!sequence.is_sequence() || sequence.size() == 0 || at >= text_.size() || text_[at] == '[') {
    return refuse(sequence.mark(), kNotInLines);
  }
  const std::size_t item = offset_of(sequence.item(0).mark());
  const std::size_t dash = text_.substr(0, item).find_last_not_of(" \t\r\n");
  if (dash == std::string_view::npos || text_[dash] != '-') return refuse(sequence.mark(), kNotInLines);
  return insert_lines(dash, lines, sequence.mark());
}

Status TextEdits::replace_entry(Node key, Node value, std::string_view line) {
  const std::size_t begin = offset_of(key.mark());
  const auto end = end_of(value);
  if (!end || *end <= begin) return refuse(key.mark(), "is not written in a way that can be changed");
  return put(begin, *end - begin, std::string(line), key.mark());
}

std::string TextEdits::take() const {
  std::string out;
  std::size_t at = 0;
  for (const auto& [offset, change] : changes_) {
    out += text_.substr(at, offset - at);
    out += change.text;
    at = offset + change.length;
  }
  return out + std::string(text_.substr(at));
}

}  // namespace proa::mesh
