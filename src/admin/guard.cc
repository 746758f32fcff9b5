#include "admin/guard.h"

#include <fmt/format.h>

#include "base/arena.h"
#include "http/uri.h"

namespace proa::admin {
namespace {

/// Lower case, without a trailing dot.
bool is_own_host(std::string_view authority, const net::Address& local) {
  std::optional<http::HostPort> parsed = http::parse_authority(authority);
  if (!parsed) return false;
  if (parsed->host == "localhost") return true;
  Result<net::Address> address = net::Address::parse_ip(parsed->host, 0);
  return address && (address->is_loopback() || address->unmapped().same_ip(local.unmapped()));
}

/// Scheme and host of an Origin header against the authority of the request; "null" is somebody else's.
bool is_own_origin(std::string_view origin, std::string_view authority) {
  constexpr std::string_view kScheme = "http://";
  return origin.starts_with(kScheme) && origin.substr(kScheme.size()) == authority;
}

}  // namespace

std::optional<std::string> refusal(const http::RequestHead& request, const net::ConnectionInfo& connection) {
  if (!connection.local.is_ip()) return std::nullopt;
  Arena arena;
  const std::string_view authority = http::canonical_authority(request.authority, {.strip_trailing_dot = true}, arena);
  if (!is_own_host(authority, connection.local)) {
    return fmt::format(
        "host \"{}\" is not this server's: use localhost or its address (protection against DNS rebinding)", authority);
  }
  if (const http::Header* origin = request.headers.find(http::HeaderId::kOrigin)) {
    if (!is_own_origin(origin->value, authority)) return "requests from other sites are refused";
  }
  return std::nullopt;
}

}  // namespace proa::admin
