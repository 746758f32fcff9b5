// The CORS policy of a route: what the cors filter finds as its per-route configuration.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/string_matcher.h"
#include "route/fraction.h"
#include "route/per_filter.h"

namespace proa::route {

struct CorsPolicy : PerFilterConfig {
  std::vector<http::StringMatcher> allow_origins;
  std::string allow_methods;  ///< as the headers want them: comma-separated
  std::string allow_headers;
  std::string expose_headers;
  std::string max_age;  ///< seconds
  // nullopt and empty texts: as the next outer level says.
  std::optional<bool> allow_credentials;                ///< at last: false
  std::optional<bool> allow_private_network;            ///< at last: false
  std::optional<bool> forward_not_matching_preflights;  ///< at last: true
  std::optional<Fraction> enabled;                      ///< nullopt: always
  std::optional<Fraction> shadow;                       ///< evaluated and counted, not enforced
};

}  // namespace proa::route
