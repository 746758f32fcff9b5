// Envoy's StringMatcher: does one string equal, begin with, end with, contain or match a pattern?
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/header_validity.h"
#include "http/regex.h"

namespace proa::http {

/// ASCII lower case, locale-free.
std::string to_lower(std::string_view text);

/// Immutable and cheap to copy. A default-made one matches only the empty string.
class StringMatcher {
 public:
  enum class Kind : uint8_t { kExact, kPrefix, kSuffix, kContains, kRegex };

  StringMatcher() = default;
  /// `ignore_case` has no effect on a regular expression, as in Envoy. Fails only for a bad expression.
  static Result<StringMatcher> make(Kind kind, std::string pattern, bool ignore_case = false);
  static StringMatcher exact(std::string text, bool ignore_case = false);
  static StringMatcher prefix(std::string text, bool ignore_case = false);
  static StringMatcher suffix(std::string text, bool ignore_case = false);
  static StringMatcher contains(std::string text, bool ignore_case = false);

  bool matches(std::string_view text) const;
  Kind kind() const { return kind_; }
  const std::string& pattern() const { return kind_ == Kind::kRegex ? regex_.pattern() : pattern_; }
  /// `= "x"`, `starts with "x"`, ...: for explanations and errors.
  std::string describe() const;

 private:
  StringMatcher(Kind kind, std::string pattern, bool ignore_case);
  Kind kind_ = Kind::kExact;
  bool ignore_case_ = false;
  std::string pattern_;  // lower case when ignore_case_
  Regex regex_;
};

}  // namespace proa::http
