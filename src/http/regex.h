// A compiled regular expression: RE2 (linear time) with a bounded program, shared by whoever matches with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace re2 {
class RE2;
}

namespace proa::http {

/// Immutable, cheap to copy, usable by all threads at once. A default-made one is empty and matches nothing.
class Regex {
 public:
  /// Largest program, in RE2 instructions: Istio runs Envoy with re2.max_program_size.error_level 32768; Envoy's
  /// own default (100) refuses ordinary expressions. Larger patterns are an error at compile time.
  static constexpr int kMaxProgramSize = 32768;
  static constexpr size_t kMaxPatternBytes = 16 * 1024;

  Regex() = default;
  /// Fails when RE2 cannot parse `pattern`, or it is larger than the limits; the error names the pattern.
  static Result<Regex> compile(std::string_view pattern);

  bool full_match(std::string_view text) const;
  /// `text` with every match replaced by `substitution` ("\1" is the first group); made in `arena`, or `text`
  /// itself when nothing matches. Precondition: check_substitution(substitution) succeeded.
  std::string_view replace_all(std::string_view text, std::string_view substitution, Arena& arena) const;
  /// Fails when `substitution` refers to a group that the pattern does not have.
  Status check_substitution(std::string_view substitution) const;

  const std::string& pattern() const;
  bool empty() const { return re_ == nullptr; }
  const re2::RE2* get() const { return re_.get(); }

 private:
  std::shared_ptr<const re2::RE2> re_;
};

/// A regular expression and what replaces its matches (Envoy's RegexMatchAndSubstitute).
struct RegexRewrite {
  Regex pattern;
  std::string substitution;
};

}  // namespace proa::http
