#include "http/regex.h"

#include <re2/re2.h>

#include <cctype>
#include <cstring>

namespace proa::http {
namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

std::string shortened(std::string_view pattern) {
  return pattern.size() <= 64 ? std::string(pattern) : std::string(pattern.substr(0, 61)) + "...";
}

constexpr int kMaxGroups = 10;  // \0 to \9

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes) {
    return fail("regex of " + std::to_string(pattern.size()) + " bytes is longer than the limit of " +
                std::to_string(kMaxPatternBytes));
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  // Room for kMaxProgramSize instructions and not much more: RE2 then gives a larger pattern up early (threats D6).
  options.set_max_mem(4 << 20);
  auto re = std::make_shared<const re2::RE2>(piece(pattern), options);
  if (!re->ok()) return fail("regex \"" + shortened(pattern) + "\" is not valid: " + re->error());
  if (re->ProgramSize() > kMaxProgramSize) {
    return fail("regex \"" + shortened(pattern) + "\" compiles to " + std::to_string(re->ProgramSize()) +
                " instructions, more than the limit of " + std::to_string(kMaxProgramSize));
  }
  Regex result;
  result.re_ = std::move(re);
  return result;
}

bool Regex::full_match(std::string_view text) const {
  return re_ && re_->Match(piece(text), 0, text.size(), re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

Status Regex::check_substitution(std::string_view substitution) const {
  std::string error;
  if (!re_ || !re_->CheckRewriteString(piece(substitution), &error)) {
    return fail("substitution \"" + shortened(substitution) + "\" does not fit regex \"" + shortened(pattern()) +
                "\": " + error);
  }
  return {};
}

std::string_view Regex::replace_all(std::string_view text, std::string_view substitution, Arena& arena) const {
  if (!re_) return text;
  std::string out;
  re2::StringPiece groups[kMaxGroups];
  const int wanted = std::min(kMaxGroups, 1 + re_->NumberOfCapturingGroups());
  size_t at = 0, copied = 0;
  bool any = false;
  while (at <= text.size() && re_->Match(piece(text), at, text.size(), re2::RE2::UNANCHORED, groups, wanted)) {
    size_t begin = groups[0].data() - text.data();
    if (any && groups[0].empty() && begin == copied) {  // an empty match right after a match does not count
      if (at == text.size()) break;
      ++at;
      continue;
    }
    out.append(text, copied, begin - copied);
    for (size_t i = 0; i < substitution.size(); ++i) {
      char c = substitution[i];
      if (c != '\\' || i + 1 == substitution.size()) {
        out += c;
        continue;
      }
      char next = substitution[++i];
      int group = next - '0';
      if (group < 0 || group > 9) {
        out += next;  // "\\" is one backslash
      } else if (group < wanted && groups[group].data()) {
        out.append(groups[group].data(), groups[group].size());
      }
    }
    any = true;
    copied = begin + groups[0].size();
    at = groups[0].empty() ? copied + 1 : copied;
  }
  if (!any) return text;
  if (copied < text.size()) out.append(text, copied);
  return arena.copy(out);
}

const std::string& Regex::pattern() const {
  static const std::string kNone;
  return re_ ? re_->pattern() : kNone;
}

}  // namespace proa::http
