// HTTP dates (RFC 9110 section 5.6.7): written as IMF-fixdate, read in that form only.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace proa::http {

inline constexpr size_t kHttpDateSize = 29;

/// "Sun, 06 Nov 1994 08:49:37 GMT". Formatted once a second on each thread; the slice is overwritten by a call in
/// another second, so copy it into the arena of whatever outlives this turn.
std::string_view http_date(WallTime now);

/// nullopt for anything but a valid IMF-fixdate of the years 1970 to 9999.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace proa::http
