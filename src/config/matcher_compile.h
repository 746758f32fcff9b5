// Envoy's matchers -> ours: strings, headers, values, metadata, paths.
#pragma once

#include <optional>
#include <vector>

#include "config/compiler.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/type/matcher/v3/filter_state.pb.h"
#include "envoy/type/matcher/v3/metadata.pb.h"
#include "envoy/type/matcher/v3/path.pb.h"
#include "envoy/type/matcher/v3/regex.pb.h"
#include "envoy/type/matcher/v3/string.pb.h"
#include "envoy/type/matcher/v3/value.pb.h"
#include "http/header_matcher.h"
#include "http/regex.h"
#include "http/string_matcher.h"
#include "observe/metadata_matcher.h"

namespace proa::config {

class SupportedTable;

std::optional<http::StringMatcher> string_matcher(const envoy::type::matcher::v3::StringMatcher& from, const Site& at);
std::optional<http::Regex> regex(const envoy::type::matcher::v3::RegexMatcher& from, const Site& at);
std::optional<http::RegexRewrite> regex_rewrite(const envoy::type::matcher::v3::RegexMatchAndSubstitute& from,
                                                const Site& at);
std::optional<http::HeaderMatcher> header_matcher(const envoy::config::route::v3::HeaderMatcher& from, const Site& at);
std::vector<http::HeaderMatcher> header_matchers(
    const google::protobuf::RepeatedPtrField<envoy::config::route::v3::HeaderMatcher>& from, const Site& at);
std::optional<observe::MetadataMatcher> metadata_matcher(const envoy::type::matcher::v3::MetadataMatcher& from,
                                                         observe::MetadataSource source, const Site& at);
std::optional<observe::MetadataMatcher> filter_state_matcher(const envoy::type::matcher::v3::FilterStateMatcher& from,
                                                             const Site& at);

void add_matcher_fields(SupportedTable& table);

}  // namespace proa::config
