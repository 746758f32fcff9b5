// Requests need a token that a configured issuer has signed.
// Source: envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "filters/filter.h"
#include "filters/jwt.h"
#include "observe/stats.h"
#include "route/per_filter.h"
#include "route/route_table.h"

namespace proa::filters {

struct JwtProvider {
  struct FromHeader {
    std::string name;    ///< lower case
    std::string prefix;  ///< what stands before the token; empty: nothing
  };
  struct ClaimToHeader {
    std::string header;              ///< lower case
    std::vector<std::string> claim;  ///< a path, for claims of claims
  };
  std::string name;
  std::string issuer;                  ///< empty: any
  std::vector<std::string> audiences;  ///< one must be in the token; empty: any
  std::shared_ptr<const Jwks> keys;    ///< not null
  std::vector<FromHeader> from_headers;
  std::vector<std::string> from_params;   ///< of the query
  std::vector<std::string> from_cookies;  ///< where none of the three is given: Authorization and access_token
  bool forward = false;                   ///< the token goes upstream, too
  std::string payload_header;             ///< gets the payload in base64url; empty: none
  bool pad_payload_header = false;
  std::string payload_in_metadata;       ///< its key; empty: not there
  std::vector<std::string> list_claims;  ///< texts that become lists, split at blanks, in the metadata
  std::vector<ClaimToHeader> claims_to_headers;
  bool clear_route = false;
  std::chrono::seconds clock_skew{60};
  bool require_expiration = false;
};

/// What a request must show: a tree.
struct JwtRequirement {
  enum class Kind : uint8_t { kProvider, kAny, kAll, kAllowMissing, kAllowMissingOrFailed };
  Kind kind = Kind::kProvider;
  std::shared_ptr<const JwtProvider> provider{};        ///< of kProvider
  std::optional<std::vector<std::string>> audiences{};  ///< in place of the provider's
  std::vector<JwtRequirement> parts{};                  ///< of kAny and kAll
};

/// Of a route.
struct JwtRouteConfig : route::PerFilterConfig {
  std::string requirement;  ///< a name in JwtAuthnConfig::named
};

struct JwtAuthnConfig {
  std::vector<std::shared_ptr<const JwtProvider>> providers;
  /// A route for each rule: the first that matches says by its index what is required.
  std::shared_ptr<const route::RouteTable> rules;
  std::vector<std::optional<JwtRequirement>> requirements;  ///< nullopt: nothing is
  std::map<std::string, JwtRequirement, std::less<>> named;
  bool bypass_cors_preflight = false;
  bool strip_failure_response = false;
  std::shared_ptr<observe::StatGroup> stats;
};
std::unique_ptr<Filter> make_jwt_authn(JwtAuthnConfig config);
extern const observe::StatSchema kJwtAuthnSchema;  ///< http.PREFIX.jwt_authn.

}  // namespace proa::filters
