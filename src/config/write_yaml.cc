#include "config/write_yaml.h"

#include <fmt/format.h>

#include <cstdint>

namespace proa::config {

namespace {

/// The code point that begins `text`, which is valid UTF-8 and not empty, and its bytes.
std::uint32_t code_point(std::string_view text, std::size_t& bytes) {
  const auto first = static_cast<unsigned char>(text.front());
  bytes = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  std::uint32_t point = bytes == 1 ? first : first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return point;
}

/// Whether YAML takes it as it is, and no editor makes a line break of it.
bool printable(std::uint32_t point) {
  return (point >= 0x20 && point < 0x7F) ||
         (point >= 0xA0 && point != 0xFEFF && point != 0x2028 && point != 0x2029 && point != 0xFFFE && point != 0xFFFF);
}

/// Whether nobody takes it for anything but this text without quotes.
bool is_word(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || !letter(text.front())) return false;
  for (const char c : text) {
    if (!letter(c) && (c < '0' || c > '9') && c != '.' && c != '/' && c != '_' && c != '-') return false;
  }
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(letter(c) ? c | 0x20 : c);
  for (const char* taken : {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "infinity"}) {
    if (lower == taken) return false;
  }
  return true;
}

/// Lines that can stand in a block as they are.
bool fits_a_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == ' ' || text.front() == '\n') return false;
  if (text.back() == ' ' || text.find(" \n") != std::string_view::npos) return false;
  for (std::size_t bytes = 0; !text.empty(); text.remove_prefix(bytes)) {
    const std::uint32_t point = code_point(text, bytes);
    if (point != '\n' && !printable(point)) return false;
  }
  return true;
}

/// A plain scalar over more than one line loses its line breaks in another column, and some may stand alone only between
/// commas: {a: -, b: ?}.
bool stays_plain(const Node& node) {
  const std::string_view text = node.text();
  return node.plain() && text.find('\n') == std::string_view::npos && text != "-" && text != "?" && text != ":";
}

}  // namespace

std::string yaml_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t bytes = 0; !text.empty(); text.remove_prefix(bytes)) {
    const std::uint32_t point = code_point(text, bytes);
    if (point == '"' || point == '\\') {
      out += '\\';
      out += static_cast<char>(point);
    } else if (point == '\n') {
      out += "\\n";
    } else if (point == '\t') {
      out += "\\t";
    } else if (printable(point)) {
      out += text.substr(0, bytes);
    } else {
      out += point < 0x100 ? fmt::format("\\x{:02x}", point) : fmt::format("\\u{:04x}", point);
    }
  }
  out += '"';
  return out;
}

void YamlWriter::entry(std::size_t indent, const Node& key, const Node& value_of) {
  column(indent);
  const bool bare = is_word(key.text()) || (stays_plain(key) && !key.text().empty());
  out_ += bare ? std::string(key.text()) : yaml_quoted(key.text());
  out_ += ':';
  value(indent, value_of);
}

void YamlWriter::entry(std::size_t indent, std::string_view key, const Node& value_of) {
  column(indent);
  out_.append(key) += ':';
  value(indent, value_of);
}

void YamlWriter::text(std::size_t indent, std::string_view key, std::string_view text) {
  plain(indent, key, is_word(text) ? std::string(text) : yaml_quoted(text));
}

void YamlWriter::plain(std::size_t indent, std::string_view key, std::string_view text) {
  column(indent);
  out_.append(key).append(": ").append(text) += '\n';
}

void YamlWriter::begin_mapping(std::size_t indent, std::string_view key) {
  column(indent);
  out_.append(key) += ":\n";
}

void YamlWriter::value(std::size_t indent, const Node& node) {
  if (node.is_scalar()) return scalar(indent, node);
  if (node.size() == 0) {
    out_ += node.is_mapping() ? " {}\n" : " []\n";
    return;
  }
  out_ += '\n';
  node.is_mapping() ? entries(indent + 2, node) : items(indent, node);
}

void YamlWriter::entries(std::size_t indent, const Node& mapping) {
  for (std::size_t i = 0; i < mapping.size(); ++i) entry(indent, mapping.key(i), mapping.value(i));
}

void YamlWriter::items(std::size_t indent, const Node& list) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Node item = list.item(i);
    column(indent);
    out_ += '-';
    if (item.is_scalar() || item.size() == 0) {
      value(indent, item);
      continue;
    }
    // The first line of what is inside stands behind the dash.
    const std::size_t begin = out_.size();
    item.is_mapping() ? entries(indent + 2, item) : items(indent + 2, item);
    out_.replace(begin, indent + 2, " ");
  }
}

void YamlWriter::scalar(std::size_t indent, const Node& node) {
  const std::string_view text = node.text();
  if (stays_plain(node) || is_word(text)) {
    if (!text.empty()) (out_ += ' ').append(text);
    out_ += '\n';
    return;
  }
  if (!fits_a_block(text)) {
    (out_ += ' ').append(yaml_quoted(text)) += '\n';
    return;
  }
  out_ += text.ends_with("\n\n") ? " |+\n" : text.ends_with('\n') ? " |\n" : " |-\n";
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (!line.empty()) {
      column(indent + 2);
      out_ += line;
    }
    out_ += '\n';
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
}

}  // namespace proa::config
