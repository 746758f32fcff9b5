// Consistent hashing: which properties of a request make the number that ring hash and maglev choose by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/arena.h"
#include "base/clock.h"
#include "http/message.h"
#include "http/regex.h"
#include "observe/stream_info.h"

namespace proa::route {

struct HashHeader {
  std::string name;  ///< lower case
  std::optional<http::RegexRewrite> rewrite;
};
struct HashCookie {
  std::string name;
  /// Set: a request without the cookie gets one. Zero: a session cookie.
  std::optional<std::chrono::seconds> ttl;
  std::string path;
  std::vector<std::pair<std::string, std::string>> attributes;
};
struct HashSourceIp {};
struct HashQueryParameter {
  std::string name;
};
struct HashFilterState {
  std::string key;
};
struct HashPolicy {
  std::variant<HashHeader, HashCookie, HashSourceIp, HashQueryParameter, HashFilterState> what;
  bool terminal = false;  ///< stop here when a hash has been made
};

/// A cookie to add to the response so that the next request comes to the same host.
struct NewCookie {
  std::string_view set_cookie;  ///< the whole value of Set-Cookie; empty: none
};

/// xxHash64 of each property, combined by rotl(hash, 1) ^ next; nullopt when none is there. May make a cookie,
/// whose value comes from the addresses of the connection, in `arena`.
std::optional<uint64_t> request_hash(const std::vector<HashPolicy>& policies, const http::RequestHead& request,
                                     const observe::StreamInfo& info, Arena& arena, NewCookie* cookie);

}  // namespace proa::route
