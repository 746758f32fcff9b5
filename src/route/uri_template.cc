#include "route/uri_template.h"

#include <re2/re2.h>

#include <algorithm>

namespace proa::route {
namespace {

constexpr size_t kMaxVariables = 5;  // as Envoy
constexpr size_t kMaxVariableName = 16;
constexpr std::string_view kGlob = "[a-zA-Z0-9\\-._~%!$&'()+,;:@=]+";  // pchar (RFC 3986) without "*"
constexpr std::string_view kRestGlob = "[a-zA-Z0-9\\-._~%!$&'()+,;:@=/]*";

bool is_literal_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~%!$&'()+,;:@=").find(c) != std::string_view::npos;
}

bool is_name(std::string_view name) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= kMaxVariableName && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

// One pass over the template, appending to the regular expression.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), rest_(text) {}

  Status parse() {
    if (rest_.empty() || rest_[0] != '/') return fail_with("must begin with \"/\"");
    while (!rest_.empty()) {
      rest_.remove_prefix(1);  // the "/"
      regex_ += '/';
      if (rest_.empty()) break;  // a trailing slash
      const bool literal_first = is_literal_char(rest_[0]);
      if (auto status = segment(); !status) return status;
      if (literal_first && rest_.starts_with('{')) {  // "x.{extension}"
        if (auto status = variable(); !status) return status;
      }
      if (rest_.empty() || rest_[0] == '/') continue;
      // What follows a wildcard directly is a suffix, and ends the template.
      if (auto status = literal(); !status) return status;
      if (!rest_.empty()) return fail_with("nothing can follow a suffix such as in \"{x}.html\"");
    }
    return {};
  }
  std::string regex_;
  std::vector<std::string> variables_;

 private:
  std::unexpected<Error> fail_with(std::string_view why) const {
    return fail("URI template " + in_quotes(text_) + ": " + std::string(why));
  }

  Status segment() {
    if (rest_[0] == '*') return glob();
    if (rest_[0] == '{') return variable();
    return literal();
  }

  Status glob() {
    if (rest_saw_) return fail_with("no wildcard can follow \"**\"");
    rest_saw_ = rest_.starts_with("**");
    regex_ += rest_saw_ ? kRestGlob : kGlob;
    rest_.remove_prefix(rest_saw_ ? 2 : 1);
    return {};
  }

  Status literal() {
    size_t size = 0;
    while (size < rest_.size() && is_literal_char(rest_[size])) ++size;
    if (size == 0) return fail_with("unexpected " + in_quotes(rest_.substr(0, 1)));
    regex_ += re2::RE2::QuoteMeta({rest_.data(), size});
    rest_.remove_prefix(size);
    return {};
  }

  Status variable() {
    size_t close = rest_.find('}');
    if (close == std::string_view::npos) return fail_with("a \"{\" is not closed");
    std::string_view inside = rest_.substr(1, close - 1);
    std::string_view after = rest_.substr(close + 1);
    size_t equals = inside.find('=');
    std::string_view name = inside.substr(0, equals);
    if (!is_name(name)) {
      return fail_with(in_quotes(name) + " is no variable name: a letter, then at most 15 letters, digits or \"_\"");
    }
    if (std::find(variables_.begin(), variables_.end(), name) != variables_.end()) {
      return fail_with("variable " + in_quotes(name) + " occurs twice");
    }
    if (variables_.size() == kMaxVariables) return fail_with("more than 5 variables");
    variables_.emplace_back(name);
    regex_ += '(';
    rest_ = equals == std::string_view::npos ? std::string_view("*") : inside.substr(equals + 1);
    for (;;) {
      if (rest_.empty()) return fail_with("variable " + in_quotes(name) + " has an empty pattern or segment");
      if (rest_[0] == '{') return fail_with("variables cannot be nested");
      if (auto status = segment(); !status) return status;
      if (rest_.empty()) break;
      if (rest_[0] != '/') return fail_with("unexpected " + in_quotes(rest_.substr(0, 1)) + " in a variable's pattern");
      regex_ += '/';
      rest_.remove_prefix(1);
    }
    regex_ += ')';
    rest_ = after;
    return {};
  }

  std::string_view text_;
  std::string_view rest_;
  bool rest_saw_ = false;  // "**" has been seen
};

}  // namespace

Result<UriTemplate> UriTemplate::compile(std::string_view text) {
  Parser parser(text);
  if (auto status = parser.parse(); !status) return std::unexpected(status.error());
  auto regex = http::Regex::compile(parser.regex_);
  if (!regex) return std::unexpected(regex.error());
  UriTemplate result;
  result.text_ = text;
  result.regex_ = std::move(*regex);
  result.variables_ = std::move(parser.variables_);
  return result;
}

Result<UriTemplateRewrite> UriTemplateRewrite::compile(std::string_view text, const UriTemplate& match) {
  auto fail_with = [&](std::string_view why) {
    return fail("URI template rewrite " + in_quotes(text) + ": " + std::string(why));
  };
  if (text.empty() || text[0] != '/') return fail_with("must begin with \"/\"");
  UriTemplateRewrite result;
  std::string literal;
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    if (c != '{') {
      if (c != '/' && !is_literal_char(c)) return fail_with("unexpected " + in_quotes(text.substr(at, 1)));
      literal += c;
      ++at;
      continue;
    }
    size_t close = text.find('}', at);
    if (close == std::string_view::npos) return fail_with("a \"{\" is not closed");
    std::string_view name = text.substr(at + 1, close - at - 1);
    const auto& known = match.variables();
    auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      return fail_with("variable " + in_quotes(name) + " is not in the match " + in_quotes(match.text()));
    }
    if (!literal.empty()) result.pieces_.push_back({std::move(literal), -1});
    literal.clear();
    result.pieces_.push_back({"", static_cast<int>(found - known.begin())});
    at = close + 1;
  }
  if (!literal.empty()) result.pieces_.push_back({std::move(literal), -1});
  return result;
}

std::string_view UriTemplateRewrite::rewrite(std::string_view path, const UriTemplate& match, Arena& arena) const {
  re2::StringPiece groups[1 + kMaxVariables];
  const re2::RE2* regex = match.regex().get();
  if (!regex || !regex->Match({path.data(), path.size()}, 0, path.size(), re2::RE2::ANCHOR_BOTH, groups,
                              1 + static_cast<int>(match.variables().size()))) {
    return path;
  }
  std::string out;
  for (const Piece& piece : pieces_) {
    if (piece.group < 0) {
      out += piece.literal;
    } else {
      const re2::StringPiece& value = groups[1 + piece.group];
      if (value.data()) out.append(value.data(), value.size());
    }
  }
  return arena.copy(out);
}

}  // namespace proa::route
