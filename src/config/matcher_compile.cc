#include "config/matcher_compile.h"

#include "config/supported.h"
#include "config/values.h"

namespace proa::config {

namespace m3 = envoy::type::matcher::v3;
namespace rv3 = envoy::config::route::v3;
using http::HeaderMatcher;
using http::StringMatcher;

namespace {

/// The value, or the problem at `at`.
template <class T>
std::optional<T> checked(Result<T> result, const Site& at) {
  if (result) return std::move(*result);
  at.error(result.error().message);
  return std::nullopt;
}

std::optional<observe::ValueMatcher> value_matcher(const m3::ValueMatcher& from, const Site& at) {
  observe::ValueMatcher to;
  switch (from.match_pattern_case()) {
    case m3::ValueMatcher::kNullMatch: to.match = observe::ValueMatcher::Null{}; break;
    case m3::ValueMatcher::kDoubleMatch:
      if (from.double_match().has_range()) {
        to.match =
            observe::ValueMatcher::Number{from.double_match().range().start(), from.double_match().range().end()};
      } else {
        to.match = observe::ValueMatcher::Number{from.double_match().exact(), from.double_match().exact()};
      }
      break;
    case m3::ValueMatcher::kStringMatch: {
      auto text = string_matcher(from.string_match(), at / "string_match");
      if (!text) return std::nullopt;
      to.match = std::move(*text);
      break;
    }
    case m3::ValueMatcher::kBoolMatch: to.match = from.bool_match(); break;
    case m3::ValueMatcher::kPresentMatch: to.match = observe::ValueMatcher::Present{from.present_match()}; break;
    case m3::ValueMatcher::kListMatch: {
      auto element = value_matcher(from.list_match().one_of(), at / "list_match.one_of");
      if (!element) return std::nullopt;
      to.match = observe::ValueMatcher::OneOf{std::make_shared<const observe::ValueMatcher>(std::move(*element))};
      break;
    }
    case m3::ValueMatcher::kOrMatch: {
      observe::ValueMatcher::AnyOf any;
      const Site list = at / "or_match.value_matchers";
      for (int i = 0; i < from.or_match().value_matchers_size(); ++i) {
        const Site item = list[static_cast<size_t>(i)];
        if (auto one = value_matcher(from.or_match().value_matchers(i), item)) any.matchers.push_back(std::move(*one));
      }
      to.match = std::move(any);
      break;
    }
    case m3::ValueMatcher::MATCH_PATTERN_NOT_SET: at.error("matches nothing", "set string_match or another"); return {};
  }
  return to;
}

/// The forms that were deprecated in favour of string_match, which Envoy still takes.
std::optional<StringMatcher> old_header_match(const rv3::HeaderMatcher& from, const Site& at) {
  switch (from.header_match_specifier_case()) {
    case rv3::HeaderMatcher::kExactMatch: return StringMatcher::exact(from.exact_match());
    case rv3::HeaderMatcher::kPrefixMatch: return StringMatcher::prefix(from.prefix_match());
    case rv3::HeaderMatcher::kSuffixMatch: return StringMatcher::suffix(from.suffix_match());
    case rv3::HeaderMatcher::kContainsMatch: return StringMatcher::contains(from.contains_match());
    case rv3::HeaderMatcher::kSafeRegexMatch:
      return checked(StringMatcher::make(StringMatcher::Kind::kRegex, from.safe_regex_match().regex()),
                     at / "safe_regex_match.regex");
    default: return string_matcher(from.string_match(), at / "string_match");
  }
}

}  // namespace

std::optional<StringMatcher> string_matcher(const m3::StringMatcher& from, const Site& at) {
  switch (from.match_pattern_case()) {
    case m3::StringMatcher::kExact: return StringMatcher::exact(from.exact(), from.ignore_case());
    case m3::StringMatcher::kPrefix: return StringMatcher::prefix(from.prefix(), from.ignore_case());
    case m3::StringMatcher::kSuffix: return StringMatcher::suffix(from.suffix(), from.ignore_case());
    case m3::StringMatcher::kContains: return StringMatcher::contains(from.contains(), from.ignore_case());
    case m3::StringMatcher::kSafeRegex:
      return checked(StringMatcher::make(StringMatcher::Kind::kRegex, from.safe_regex().regex()),
                     at / "safe_regex.regex");
    default: at.error("matches nothing", "set exact, prefix, suffix, contains or safe_regex"); return std::nullopt;
  }
}

std::optional<http::Regex> regex(const m3::RegexMatcher& from, const Site& at) {
  return checked(http::Regex::compile(from.regex()), at / "regex");
}

std::optional<http::RegexRewrite> regex_rewrite(const m3::RegexMatchAndSubstitute& from, const Site& at) {
  const Site pattern = at / "pattern";
  auto compiled = regex(from.pattern(), pattern);
  if (!compiled) return std::nullopt;
  if (Status fits = compiled->check_substitution(from.substitution()); !fits) {
    (at / "substitution").error(fits.error().message);
    return std::nullopt;
  }
  return http::RegexRewrite{std::move(*compiled), from.substitution()};
}

std::optional<HeaderMatcher> header_matcher(const rv3::HeaderMatcher& from, const Site& at) {
  HeaderMatcher::Spec spec{.name = from.name(),
                           .match = HeaderMatcher::Present{true},
                           .invert = from.invert_match(),
                           .treat_missing_as_empty = from.treat_missing_header_as_empty()};
  switch (from.header_match_specifier_case()) {
    case rv3::HeaderMatcher::HEADER_MATCH_SPECIFIER_NOT_SET: break;
    case rv3::HeaderMatcher::kPresentMatch: spec.match = HeaderMatcher::Present{from.present_match()}; break;
    case rv3::HeaderMatcher::kRangeMatch:
      spec.match = HeaderMatcher::Range{from.range_match().start(), from.range_match().end()};
      break;
    default: {
      auto text = old_header_match(from, at);
      if (!text) return std::nullopt;
      spec.match = std::move(*text);
    }
  }
  return checked(HeaderMatcher::make(std::move(spec)), at);
}

std::vector<HeaderMatcher> header_matchers(const google::protobuf::RepeatedPtrField<rv3::HeaderMatcher>& from,
                                           const Site& at) {
  std::vector<HeaderMatcher> matchers;
  for (int i = 0; i < from.size(); ++i) {
    const Site item = at[static_cast<size_t>(i)];
    if (auto matcher = header_matcher(from[i], item)) matchers.push_back(std::move(*matcher));
  }
  return matchers;
}

std::optional<observe::MetadataMatcher> metadata_matcher(const m3::MetadataMatcher& from,
                                                         observe::MetadataSource source, const Site& at) {
  auto value = value_matcher(from.value(), at / "value");
  if (!value) return std::nullopt;
  observe::MetadataMatcher to;
  to.source = source;
  to.space = from.filter();
  for (const auto& segment : from.path()) to.path.push_back(segment.key());
  to.value = std::move(*value);
  to.invert = from.invert();
  return to;
}

std::optional<observe::MetadataMatcher> filter_state_matcher(const m3::FilterStateMatcher& from, const Site& at) {
  auto text = string_matcher(from.string_match(), at / "string_match");
  if (!text) return std::nullopt;
  observe::MetadataMatcher to;
  to.source = observe::MetadataSource::kFilterState;
  to.space = from.key();
  to.value.match = std::move(*text);
  return to;
}

void add_matcher_fields(SupportedTable& table) {
  table.add(supported<m3::StringMatcher>({"exact", "prefix", "suffix", "contains", "safe_regex", "ignore_case"})
                .security({"custom"}));
  table.add(supported<m3::RegexMatcher>({"regex"}).harmless({"google_re2"}, "RE2 is the only engine"));
  table.add(supported<m3::RegexMatcher::GoogleRE2>({}).harmless({"max_program_size"}, "there is one limit for all"));
  table.add(supported<m3::RegexMatchAndSubstitute>({"pattern", "substitution"}));
  table.add(supported<rv3::HeaderMatcher>({"name", "string_match", "present_match", "range_match", "invert_match",
                                           "treat_missing_header_as_empty", "exact_match", "prefix_match",
                                           "suffix_match", "contains_match", "safe_regex_match"}));
  table.add(supported<m3::MetadataMatcher>({"filter", "path", "value", "invert"}));
  table.add(supported<m3::MetadataMatcher::PathSegment>({"key"}));
  table.add(supported<m3::ValueMatcher>(
      {"null_match", "double_match", "string_match", "bool_match", "present_match", "list_match", "or_match"}));
  table.add(supported<m3::ValueMatcher::NullMatch>({}));
  table.add(supported<m3::DoubleMatcher>({"range", "exact"}));
  table.add(supported<envoy::type::v3::DoubleRange>({"start", "end"}));
  table.add(supported<m3::ListMatcher>({"one_of"}));
  table.add(supported<m3::OrMatcher>({"value_matchers"}));
  table.add(supported<m3::FilterStateMatcher>({"key", "string_match"}));
  table.add(supported<m3::PathMatcher>({"path"}));
}

}  // namespace proa::config
