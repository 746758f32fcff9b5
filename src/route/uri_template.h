// URI templates of paths, in Envoy's dialect (extensions/path/*/uri_template): "/media/{country}/{rest=**}".
//   *    one segment            **   any rest, only as the last operator
//   {x}  one segment, captured  {x=PATTERN}  captured, PATTERN of literals, * and **
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "http/regex.h"

namespace proa::route {

/// Immutable. Compiled to a regular expression with one group per variable.
class UriTemplate {
 public:
  static Result<UriTemplate> compile(std::string_view text);
  /// Whether a path (without query) matches as a whole.
  bool matches(std::string_view path) const { return regex_.full_match(path); }
  const std::string& text() const { return text_; }
  const http::Regex& regex() const { return regex_; }
  /// Names of the variables, in the order of the groups.
  const std::vector<std::string>& variables() const { return variables_; }

 private:
  std::string text_;
  http::Regex regex_;
  std::vector<std::string> variables_;
};

/// "/new/{rest}/{country}": literals and variables of a template.
class UriTemplateRewrite {
 public:
  /// Fails when it names a variable that `match` lacks.
  static Result<UriTemplateRewrite> compile(std::string_view text, const UriTemplate& match);
  /// The new path, made in `arena`; `path` itself (without query) when `match` does not match it.
  std::string_view rewrite(std::string_view path, const UriTemplate& match, Arena& arena) const;

 private:
  struct Piece {
    std::string literal;
    int group = -1;  // index into the captures, or -1 for a literal
  };
  std::vector<Piece> pieces_;
};

}  // namespace proa::route
