// JSON read strictly into a YamlTree (RFC 8259). libyaml would take most of it, but not surrogate pairs, and it
// would let comments and trailing commas pass that every other JSON tool refuses.
#include <fmt/format.h>

#include "base/utf8.h"
#include "config/tree_builder.h"
#include "config/yaml_tree.h"

namespace proa::config {

namespace {

class JsonReader {
 public:
  JsonReader(std::string_view text, TreeBuilder& builder) : text_(text), builder_(builder) {}

  void run() {
    const std::size_t bad = invalid_utf8(text_);
    if (bad != std::string_view::npos) {
      while (at_ < bad) step();
      return fail("is not valid UTF-8", "save the file as UTF-8");
    }
    value();
    space();
    if (at_ < text_.size()) fail("something follows the end of the document", "a configuration is one JSON value");
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  TreeBuilder::Place here() const { return {line_, column_}; }

  void step() {
    if (text_[at_] == '\n') {
      ++line_;
      column_ = 1;
    } else if ((static_cast<unsigned char>(text_[at_]) & 0xC0) != 0x80) {
      ++column_;
    }
    ++at_;
  }

  void space() {
    while (at_ < text_.size() && (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t')) step();
  }

  void fail(std::string what, std::string fix = {}) { builder_.fail(here(), std::move(what), std::move(fix)); }

  void unexpected(std::string_view wanted) {
    if (at_ >= text_.size()) return fail(fmt::format("the file ends where {} is expected", wanted));
    if (peek() == '/' || peek() == '#') return fail("JSON has no comments", "use a .yaml file");
    if (peek() == '\'') return fail("JSON's strings have double quotes");
    std::size_t end = at_ + 1;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    fail(fmt::format("found {} where {} is expected", shown(text_.substr(at_, end - at_)), wanted));
  }

  void value() {
    space();
    const TreeBuilder::Place start = here();
    switch (peek()) {
      case '{': return object();
      case '[': return array();
      case '"':
        if (std::string text; string(text)) builder_.scalar(text, false, start);
        return;
      default: return word();
    }
  }

  /// true, false, null or a number.
  void word() {
    const TreeBuilder::Place start = here();
    const std::size_t from = at_;
    while (is_word(peek())) step();
    const std::string_view text = text_.substr(from, at_ - from);
    if (text.empty()) return unexpected("a value");
    if (text != "true" && text != "false" && text != "null" && !is_number(text)) {
      builder_.fail(start, fmt::format("{} is no JSON value", shown(text)), "a string needs double quotes");
      return;
    }
    builder_.scalar(text, true, start);
  }

  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '+' ||
           c == '.' || c == '_';
  }

  /// RFC 8259 section 6: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
  static bool is_number(std::string_view text) {
    const auto take = [&](std::string_view any) {
      const bool found = !text.empty() && any.find(text[0]) != std::string_view::npos;
      if (found) text.remove_prefix(1);
      return found;
    };
    const auto digits = [&] {
      if (!take("0123456789")) return false;
      while (take("0123456789")) {
      }
      return true;
    };
    take("-");
    if (!take("0") && !digits()) return false;
    if (take(".") && !digits()) return false;
    if (take("eE")) {
      take("+-");
      if (!digits()) return false;
    }
    return text.empty();
  }

  void object() {
    builder_.begin(NodeKind::mapping, here());
    step();
    space();
    for (bool first = true; !builder_.failed() && peek() != '}'; first = false) {
      if (!first && !comma("'}'")) return;
      space();
      if (peek() == '}') return fail("a ',' stands before the end of the object", "remove it");
      if (peek() != '"') return unexpected("a key in double quotes");
      const TreeBuilder::Place start = here();
      std::string key;
      if (!string(key)) return;
      builder_.scalar(key, false, start);
      space();
      if (peek() != ':') return unexpected("':'");
      step();
      value();
      space();
    }
    close();
  }

  void array() {
    builder_.begin(NodeKind::sequence, here());
    step();
    space();
    for (bool first = true; !builder_.failed() && peek() != ']'; first = false) {
      if (!first && !comma("']'")) return;
      space();
      if (peek() == ']') return fail("a ',' stands before the end of the list", "remove it");
      value();
      space();
    }
    close();
  }

  bool comma(std::string_view end) {
    if (peek() != ',') {
      unexpected(fmt::format("',' or {}", end));
      return false;
    }
    step();
    return true;
  }

  void close() {
    if (builder_.failed()) return;
    step();
    builder_.end();
  }

  bool string(std::string& out) {
    const TreeBuilder::Place start = here();
    step();
    while (at_ < text_.size() && peek() != '"') {
      if (static_cast<unsigned char>(peek()) < 0x20) {
        fail("a control character or line break is inside of a string", "write it as \\n, \\t or \\u0000");
        return false;
      }
      if (peek() == '\\') {
        if (!escape(out)) return false;
      } else {
        out += peek();
        step();
      }
    }
    if (at_ >= text_.size()) {
      builder_.fail(start, "the quote opened here is never closed");
      return false;
    }
    step();
    return true;
  }

  bool escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    const TreeBuilder::Place start = here();
    step();
    const char name = peek();
    if (name == 'u') {
      if (unicode(out)) return true;
    } else if (const std::size_t i = kNames.find(name); name != '\0' && i != std::string_view::npos) {
      out += kValues[i];
      step();
      return true;
    }
    builder_.fail(start, "a backslash begins an escape, and this one does not exist",
                  "a backslash itself is written \\\\");
    return false;
  }

  bool hex4(std::uint32_t& out) {
    if (text_.size() - at_ < 5) return false;
    out = 0;
    step();  // the 'u'
    for (int i = 0; i < 4; ++i, step()) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return false;
      out = out * 16 + static_cast<std::uint32_t>(digit);
    }
    return true;
  }

  /// One code point, of two halves beyond U+FFFF; a half alone is refused, it has no UTF-8.
  bool unicode(std::string& out) {
    std::uint32_t code = 0;
    if (!hex4(code) || (code >= 0xDC00 && code <= 0xDFFF)) return false;
    if (code >= 0xD800 && code <= 0xDBFF) {
      std::uint32_t low = 0;
      if (!text_.substr(at_).starts_with("\\u")) return false;
      step();
      if (!hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | code >> 6);
      tail(0);
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | code >> 12);
      tail(6);
      tail(0);
    } else {
      out += static_cast<char>(0xF0 | code >> 18);
      tail(12);
      tail(6);
      tail(0);
    }
    return true;
  }

  std::string_view text_;
  TreeBuilder& builder_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t column_ = 1;
};

}  // namespace

std::optional<YamlTree> read_json(std::string_view text, std::string_view file, Problems& problems,
                                  const TreeLimits& limits) {
  TreeBuilder builder(file, problems, limits);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.size() > limits.bytes) {
    builder.fail({1, 1}, fmt::format("has {} bytes, more than {}", text.size(), limits.bytes));
  } else {
    JsonReader(text, builder).run();
  }
  return builder.finish();
}

}  // namespace proa::config
