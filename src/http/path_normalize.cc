#include "http/path_normalize.h"

#include <algorithm>
#include <cstring>

#include "base/number.h"
#include "http/percent.h"

namespace proa::http {
namespace {

constexpr std::string_view kFailed = "path_normalization_failed";

// Two passes over a path in place; it only ever becomes shorter.
class PathEditor {
 public:
  PathEditor(char* text, size_t size) : text_(text), size_(size) {}

  // Pass 1: percent-encoding and backslashes.
  void decode(const PathRules& rules, bool unescape_slashes) {
    size_t to = 0;
    for (size_t from = 0; from < size_; ++from) {
      char c = text_[from];
      if (c != '%') {
        text_[to++] = c == '\\' && rules.normalize ? '/' : c;
        continue;
      }
      char decoded = static_cast<char>(hex_digit(text_[from + 1]) << 4 | hex_digit(text_[from + 2]));
      if (unescape_slashes && (decoded == '/' || decoded == '\\')) {
        text_[to++] = rules.normalize ? '/' : decoded;
      } else if (rules.normalize && is_unreserved(decoded)) {
        text_[to++] = decoded;
      } else {
        text_[to] = '%';
        for (size_t i = 1; i <= 2; ++i) {
          char digit = text_[from + i];
          text_[to + i] = rules.normalize && digit >= 'a' ? static_cast<char>(digit - 32) : digit;
        }
        to += 3;
      }
      from += 2;
    }
    size_ = to;
  }

  // Pass 2: segment by segment (RFC 3986 section 5.2.4). An empty segment is one that ".." can remove.
  void resolve_dots() {
    size_t to = 0;
    for (size_t from = 0; from < size_;) {  // text_[from] is "/"
      size_t end = from + 1;
      while (end < size_ && text_[end] != '/') ++end;
      std::string_view segment(text_ + from + 1, end - from - 1);
      bool last = end == size_;
      if (segment == "." || segment == "..") {
        if (segment == "..") {
          while (to > 0 && text_[--to] != '/') {
          }
        }
        if (last) text_[to++] = '/';
      } else {
        std::memmove(text_ + to, text_ + from, end - from);
        to += end - from;
      }
      from = end;
    }
    if (to == 0) text_[to++] = '/';
    size_ = to;
  }

  void merge_slashes() {
    char* end = std::unique(text_, text_ + size_, [](char a, char b) { return a == '/' && b == '/'; });
    size_ = static_cast<size_t>(end - text_);
  }

  std::string_view text() const { return {text_, size_}; }

 private:
  char* text_;
  size_t size_;
};

struct Findings {
  bool malformed = false;
  bool escaped_slash = false;
  bool special = false;  // something that a rule may change
};

Findings look(std::string_view path) {
  Findings found;
  char previous = 0;
  for (size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%') {
      int high = path.size() - i > 2 ? hex_digit(path[i + 1]) : -1;
      int low = high >= 0 ? hex_digit(path[i + 2]) : -1;
      if (low < 0 || (high == 0 && low == 0)) found.malformed = true;
      char decoded = static_cast<char>(high << 4 | low);
      found.escaped_slash |= low >= 0 && (decoded == '/' || decoded == '\\');
      found.special = true;
    }
    found.special |= c == '\\' || (previous == '/' && (c == '/' || c == '.'));
    previous = c;
  }
  return found;
}

}  // namespace

std::string_view without_query(std::string_view path) { return path.substr(0, path.find_first_of("?#")); }

NormalPath normalize_path(std::string_view path, const PathRules& rules, Arena& arena) {
  if (!path.starts_with('/')) return {path, PathVerdict::kOk, {}};
  std::string_view plain = without_query(path);
  Findings found = look(plain);
  if (found.malformed) return {path, PathVerdict::kReject, kFailed};
  if (!found.special) return {path, PathVerdict::kOk, {}};
  if (found.escaped_slash && rules.escaped_slashes == EscapedSlashes::kReject) {
    return {path, PathVerdict::kReject, kFailed};
  }
  bool unescape = found.escaped_slash && rules.escaped_slashes != EscapedSlashes::kKeep;

  char* text = static_cast<char*>(arena.allocate(path.size(), 1));
  std::memcpy(text, plain.data(), plain.size());
  PathEditor editor(text, plain.size());
  editor.decode(rules, unescape);
  if (rules.normalize) editor.resolve_dots();
  if (rules.merge_slashes) editor.merge_slashes();
  if (editor.text() == plain) return {path, PathVerdict::kOk, {}};

  std::string_view query = path.substr(plain.size());
  std::memcpy(text + editor.text().size(), query.data(), query.size());
  bool redirect = unescape && rules.escaped_slashes == EscapedSlashes::kUnescapeAndRedirect;
  return {{text, editor.text().size() + query.size()}, redirect ? PathVerdict::kRedirect : PathVerdict::kOk, {}};
}

}  // namespace proa::http
