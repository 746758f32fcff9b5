// What a request must be to take a route: the path in one of seven ways, and conditions beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/header_matcher.h"
#include "http/message.h"
#include "http/string_matcher.h"
#include "observe/metadata_matcher.h"
#include "observe/stream_info.h"
#include "route/fraction.h"
#include "route/uri_template.h"

namespace proa::route {

/// What the matcher looks at. Everything outlives the call.
struct MatchInput {
  const http::RequestHead& request;
  /// Lower case, without trailing dot (http/uri.h); the port may be there.
  std::string_view host;
  const observe::StreamInfo& info;
  uint64_t random = 0;  ///< usually info.random: the same for each match of one request
  const Runtime* runtime = nullptr;
};

// The path, always without query and fragment.
struct PathPrefix {
  std::string prefix;
};
struct PathExact {
  std::string path;
};
struct PathRegex {  ///< matches as a whole; case_sensitive does not apply
  http::Regex regex;
};
struct PathSegments {  ///< path_separated_prefix: ends there, or goes on with "/"
  std::string prefix;
};
struct PathTemplate {
  UriTemplate uri_template;
};
struct AnyConnect {};  ///< CONNECT (and CONNECT-UDP) requests, whatever the path
using PathMatch = std::variant<PathPrefix, PathExact, PathRegex, PathSegments, PathTemplate, AnyConnect>;

struct QueryParameterMatch {
  std::string name;
  std::optional<http::StringMatcher> value;  ///< nullopt: presence only
  bool present = true;                       ///< false: must be absent (only without `value`)
};

struct CookieMatch {
  std::string name;
  http::StringMatcher value;
  bool invert = false;
};

struct TlsMatch {
  std::optional<bool> presented;  ///< a client certificate was sent
  std::optional<bool> validated;  ///< and verified
};

/// All must hold. Checked in this order, the cheap ones first.
struct Conditions {
  bool grpc = false;
  std::optional<Fraction> fraction;
  std::vector<http::HeaderMatcher> headers;
  std::vector<QueryParameterMatch> query;
  std::vector<CookieMatch> cookies;
  std::optional<TlsMatch> tls;
  std::vector<observe::MetadataMatcher> metadata;  ///< dynamic_metadata and filter_state

  bool none() const;
  bool hold(const MatchInput& input) const;
  /// Why not: a sentence about the first condition that fails, e.g. `header "x-user" is absent, wanted = "a"`.
  /// Empty when all hold. Slow; for explain().
  std::string why_not(const MatchInput& input) const;
};

struct RouteMatch {
  PathMatch path = PathPrefix{"/"};
  bool case_sensitive = true;
  Conditions conditions;
};

/// `path prefix "/a"`, for explanations and errors.
std::string describe(const RouteMatch& match);

}  // namespace proa::route
