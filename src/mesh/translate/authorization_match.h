// authorization_match: how AuthorizationPolicies compare one text, as matchers of Envoy's.
#pragma once

#include <string>
#include <string_view>

#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/type/matcher/v3/string.pb.h"

namespace proa::mesh {

/// "x", "x*", "*x", or "*", which is any text that is not empty. `before` precedes what the text says from its
/// beginning: with "spiffe://" a text "a/b" is "spiffe://a/b".
envoy::type::matcher::v3::StringMatcher text_match(std::string_view text, std::string_view before = {});
envoy::type::matcher::v3::StringMatcher exact_match(std::string_view text);
envoy::type::matcher::v3::StringMatcher regex_match(std::string expression);

/// The same for a header; "*" is that it is there.
envoy::config::route::v3::HeaderMatcher header_match(std::string_view name, std::string_view text,
                                                     bool ignore_case = false);

/// A regular expression for the text, in which each '*' is anything.
std::string quoted_wildcard(std::string_view text);

/// "10.0.0.0/8" or a single address, which has been validated.
envoy::config::core::v3::CidrRange cidr_range(std::string_view text);

/// "/a/{*}/{**}" as Envoy writes it: "/a/*/**".
std::string path_template(std::string_view path);

}  // namespace proa::mesh
