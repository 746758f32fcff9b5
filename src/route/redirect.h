// Answers that routes give themselves: redirects and direct responses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/arena.h"
#include "http/message.h"
#include "http/regex.h"
#include "observe/formatter.h"
#include "observe/stream_info.h"

namespace proa::route {

struct Route;

struct Redirect {
  std::string scheme{};  ///< "https" for https_redirect; empty: kept
  std::string host{};    ///< empty: kept
  uint32_t port = 0;     ///< 0: kept, unless it is the default one of a scheme that is changed
  struct Path {          ///< may have its own query
    std::string path;
  };
  struct Prefix {  ///< replaces what the route matched
    std::string prefix;
  };
  std::variant<std::monostate, Path, Prefix, http::RegexRewrite> path{};
  bool strip_query = false;
  uint16_t code = 301;  ///< 301, 302, 303, 307, 308
};

struct DirectResponse {
  uint16_t status = 200;
  observe::Formatter body;                     ///< inline text, or body_format
  std::string content_type;                    ///< of body_format; empty: text/plain
  std::optional<observe::JsonFormatter> json;  ///< body_format.json_format: instead of `body`
  bool empty = true;                           ///< neither is set
};

/// The value of Location for a request that took a route with a Redirect action; made in `arena`. Holds no CR, LF
/// or other control byte (percent-encoded), whatever the request and the expression make of it.
std::string_view redirect_location(const Route& route, const http::RequestHead& request, Arena& arena);

/// The body of a DirectResponse, made in `arena`.
std::string_view direct_body(const DirectResponse& response, const observe::StreamInfo& info, Arena& arena);

}  // namespace proa::route
