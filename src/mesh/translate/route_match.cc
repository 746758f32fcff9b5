#include "mesh/translate/route_match.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

namespace proa::mesh {

namespace {

using envoy::config::route::v3::HeaderMatcher;
using envoy::config::route::v3::RouteMatch;
using envoy::type::matcher::v3::MetadataMatcher;
using envoy::type::matcher::v3::StringMatcher;
using istio::networking::v1alpha3::HTTPMatchRequest;
using istio::networking::v1alpha3::StringMatch;

/// Istio takes the regex "*", which is none, for "is there".
bool only_present(const StringMatch& match) {
  return match.match_type_case() == StringMatch::MATCH_TYPE_NOT_SET ||
         (match.match_type_case() == StringMatch::kRegex && match.regex() == "*");
}

HeaderMatcher header_matcher(const std::string& name, const StringMatch& match) {
  HeaderMatcher out;
  out.set_name(name);
  if (only_present(match)) {
    out.set_present_match(true);
  } else {
    *out.mutable_string_match() = string_matcher(match);
  }
  return out;
}

/// The claim that "@request.auth.claims[group][id]" or "@request.auth.claims.group.id" names; empty: a header's name.
std::vector<std::string> claim_named(std::string_view name) {
  constexpr std::string_view kStart = "@request.auth.claims";
  std::vector<std::string> out;
  if (!name.starts_with(kStart)) return out;
  name.remove_prefix(kStart.size());
  if (name.starts_with('.')) {
    while (!name.empty()) {
      name.remove_prefix(1);
      const std::size_t end = std::min(name.find('.'), name.size());
      out.emplace_back(name.substr(0, end));
      name.remove_prefix(end);
    }
  }
  while (name.starts_with('[') && name.find(']') != std::string_view::npos) {
    const std::size_t end = name.find(']');
    out.emplace_back(name.substr(1, end - 1));
    name.remove_prefix(end + 1);
  }
  return out;
}

/// A claim is a text, or a list that has it. jwt_authn leaves the token's payload under this name.
MetadataMatcher claim_matcher(const std::vector<std::string>& claim, const StringMatch& match, bool inverted) {
  MetadataMatcher out;
  out.set_filter("envoy.filters.http.jwt_authn");
  out.add_path()->set_key("payload");
  for (const std::string& part : claim) out.add_path()->set_key(part);
  auto& either = *out.mutable_value()->mutable_or_match();
  *either.add_value_matchers()->mutable_string_match() = string_matcher(match);
  *either.add_value_matchers()->mutable_list_match()->mutable_one_of()->mutable_string_match() = string_matcher(match);
  out.set_invert(inverted);
  return out;
}

/// Sorted, since the fields of a protobuf map come in any order.
template <class Map>
std::map<std::string, StringMatch> sorted(const Map& map) {
  return {map.begin(), map.end()};
}

void add_headers(const HTTPMatchRequest& match, RouteMatch& out) {
  std::vector<HeaderMatcher> headers;
  for (const auto& [name, text] : sorted(match.headers())) {
    if (const auto claim = claim_named(name); !claim.empty()) {
      *out.add_dynamic_metadata() = claim_matcher(claim, text, false);
    } else {
      headers.push_back(header_matcher(name, text));
    }
  }
  for (const auto& [name, text] : sorted(match.without_headers())) {
    if (const auto claim = claim_named(name); !claim.empty()) {
      *out.add_dynamic_metadata() = claim_matcher(claim, text, true);
      continue;
    }
    HeaderMatcher header = header_matcher(name, text);
    header.set_invert_match(true);
    header.set_treat_missing_header_as_empty(!header.has_present_match());
    headers.push_back(std::move(header));
  }
  std::ranges::stable_sort(headers, {}, [](const HeaderMatcher& each) { return each.name(); });
  for (HeaderMatcher& header : headers) *out.add_headers() = std::move(header);
  if (match.has_method()) *out.add_headers() = header_matcher(":method", match.method());
  if (match.has_authority()) *out.add_headers() = header_matcher(":authority", match.authority());
  if (match.has_scheme()) *out.add_headers() = header_matcher(":scheme", match.scheme());
}

void set_path(const StringMatch& uri, bool whole_segments, RouteMatch& out) {
  switch (uri.match_type_case()) {
    case StringMatch::kExact: out.set_path(uri.exact()); return;
    case StringMatch::kRegex: out.mutable_safe_regex()->set_regex(uri.regex()); return;
    case StringMatch::kPrefix: break;
    default: return;
  }
  if (!whole_segments || uri.prefix() == "/") return out.set_prefix(uri.prefix());
  std::string prefix = uri.prefix();
  if (prefix.ends_with('/')) prefix.pop_back();
  out.set_path_separated_prefix(std::move(prefix));
}

}  // namespace

StringMatcher string_matcher(const StringMatch& match) {
  StringMatcher out;
  switch (match.match_type_case()) {
    case StringMatch::kExact: out.set_exact(match.exact()); break;
    case StringMatch::kPrefix: out.set_prefix(match.prefix()); break;
    case StringMatch::kRegex: out.mutable_safe_regex()->set_regex(match.regex()); break;
    default: break;
  }
  return out;
}

RouteMatch route_match(const HTTPMatchRequest* match, bool whole_segments) {
  RouteMatch out;
  out.set_prefix("/");
  if (match == nullptr) return out;
  if (match->has_uri()) set_path(match->uri(), whole_segments, out);
  out.mutable_case_sensitive()->set_value(!match->ignore_uri_case());
  add_headers(*match, out);
  for (const auto& [name, text] : sorted(match->query_params())) {
    auto& parameter = *out.add_query_parameters();
    parameter.set_name(name);
    if (only_present(text)) {
      parameter.set_present_match(true);
    } else {
      *parameter.mutable_string_match() = string_matcher(text);
    }
  }
  return out;
}

bool takes_everything(const RouteMatch& match) {
  const bool any_path = match.prefix() == "/" || match.safe_regex().regex() == ".*";
  return any_path && match.headers().empty() && match.query_parameters().empty() && match.dynamic_metadata().empty();
}

}  // namespace proa::mesh
