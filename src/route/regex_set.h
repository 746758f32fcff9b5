// Many regular expressions matched in one pass over the text.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "http/regex.h"

namespace proa::route {

/// Immutable after compile(); used by all threads. One RE2::Set, or, where that would need too much memory, several,
/// or (three and fewer) the expressions themselves. When a set's automaton runs out of memory on some text, its
/// expressions are tried one by one, so that the answer is always right.
class RegexSet {
 public:
  RegexSet();
  ~RegexSet();
  RegexSet(RegexSet&&) noexcept;
  RegexSet& operator=(RegexSet&&) noexcept;

  /// Returns the number by which match() tells it: 0, 1, ...
  void add(http::Regex regex) { regexes_.push_back(std::move(regex)); }
  void compile();
  /// Fills `matched` with the numbers of the expressions that match `text` as a whole, ascending.
  void match(std::string_view text, std::vector<int>& matched) const;
  size_t size() const { return regexes_.size(); }

 private:
  struct Part;
  void compile_range(size_t begin, size_t end);
  std::vector<http::Regex> regexes_;
  std::vector<Part> parts_;
};

}  // namespace proa::route
