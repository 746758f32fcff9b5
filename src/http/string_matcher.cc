#include "http/string_matcher.h"

#include <algorithm>
#include <cstring>

namespace proa::http {
namespace {

// Whether `text` at `at` is `lower`, which is in lower case.
bool same_ignore_case(std::string_view text, size_t at, std::string_view lower) {
  for (size_t i = 0; i < lower.size(); ++i) {
    if (to_lower(text[at + i]) != lower[i]) return false;
  }
  return true;
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower(c);
  return out;
}

StringMatcher::StringMatcher(Kind kind, std::string pattern, bool ignore_case)
    : kind_(kind), ignore_case_(ignore_case), pattern_(ignore_case ? to_lower(pattern) : std::move(pattern)) {}

Result<StringMatcher> StringMatcher::make(Kind kind, std::string pattern, bool ignore_case) {
  if (kind != Kind::kRegex) return StringMatcher(kind, std::move(pattern), ignore_case);
  auto regex = Regex::compile(pattern);
  if (!regex) return std::unexpected(regex.error());
  StringMatcher matcher;
  matcher.kind_ = Kind::kRegex;
  matcher.regex_ = std::move(*regex);
  return matcher;
}

StringMatcher StringMatcher::exact(std::string text, bool ignore_case) {
  return StringMatcher(Kind::kExact, std::move(text), ignore_case);
}
StringMatcher StringMatcher::prefix(std::string text, bool ignore_case) {
  return StringMatcher(Kind::kPrefix, std::move(text), ignore_case);
}
StringMatcher StringMatcher::suffix(std::string text, bool ignore_case) {
  return StringMatcher(Kind::kSuffix, std::move(text), ignore_case);
}
StringMatcher StringMatcher::contains(std::string text, bool ignore_case) {
  return StringMatcher(Kind::kContains, std::move(text), ignore_case);
}

bool StringMatcher::matches(std::string_view text) const {
  if (kind_ == Kind::kRegex) return regex_.full_match(text);
  if (text.size() < pattern_.size()) return false;
  const size_t slack = text.size() - pattern_.size();
  switch (kind_) {
    case Kind::kExact: return slack == 0 && (ignore_case_ ? same_ignore_case(text, 0, pattern_) : text == pattern_);
    case Kind::kPrefix: return ignore_case_ ? same_ignore_case(text, 0, pattern_) : text.starts_with(pattern_);
    case Kind::kSuffix: return ignore_case_ ? same_ignore_case(text, slack, pattern_) : text.ends_with(pattern_);
    default: break;
  }
  if (!ignore_case_) return text.find(pattern_) != std::string_view::npos;
  return std::search(text.begin(), text.end(), pattern_.begin(), pattern_.end(),
                     [](char x, char lower) { return to_lower(x) == lower; }) != text.end() ||
         pattern_.empty();
}

std::string StringMatcher::describe() const {
  static constexpr std::string_view kVerbs[] = {"= ", "starts with ", "ends with ", "contains ", "matches regex "};
  std::string out(kVerbs[static_cast<size_t>(kind_)]);
  out += '"';
  out += pattern();
  out += '"';
  if (ignore_case_) out += " (any case)";
  return out;
}

}  // namespace proa::http
