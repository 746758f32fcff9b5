#include "proxy/client_address.h"

#include <algorithm>

namespace proa::proxy {
namespace {

using http::HeaderId;

struct Forwarded {
  std::optional<net::Address> address;
  bool single = false;  ///< the header holds one address and nothing else
};

std::string_view trim(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The address `skip` places from the right of X-Forwarded-For (all its lines joined).
Forwarded forwarded_for(const http::HeaderList& headers, uint32_t skip) {
  std::string_view value = headers.joined(http::header_name(HeaderId::kXForwardedFor));
  if (value.empty()) return {};
  std::string_view rest = value;
  for (uint32_t i = 0; i < skip; ++i) {
    size_t comma = rest.rfind(',');
    if (comma == rest.npos) return {};
    rest = rest.substr(0, comma);
  }
  size_t comma = rest.rfind(',');
  std::string_view last = trim(comma == rest.npos ? rest : rest.substr(comma + 1));
  Result<net::Address> address = net::Address::parse_ip(last, 0);
  if (!address) return {};
  return {*address, value.find(',') == value.npos};
}

bool is_internal(const ConnectionManager& manager, const net::Address& address) {
  return std::ranges::any_of(manager.internal_ranges,
                             [&](const net::CidrRange& range) { return range.contains(address); });
}

void append_forwarded_for(http::HeaderList& headers, const net::Address& peer) {
  Arena& arena = headers.arena();
  std::string_view before = headers.joined(http::header_name(HeaderId::kXForwardedFor));
  std::string ip = peer.ip();
  headers.set(HeaderId::kXForwardedFor, before.empty() ? arena.copy(ip) : arena.concat(before, ",", ip));
}

}  // namespace

ClientAddress identify_client(const ConnectionManager& manager, const net::ConnectionInfo& connection,
                              http::HeaderList& headers) {
  Forwarded trusted;
  const bool peer_is_ip = connection.remote.is_ip();
  if (manager.use_remote_address) {
    const bool had_none = !headers.has(HeaderId::kXForwardedFor);
    if (manager.xff_num_trusted_hops > 0) {
      trusted = forwarded_for(headers, manager.xff_num_trusted_hops - 1);
    }
    if (!trusted.address) trusted.address = connection.remote;
    trusted.single = had_none;
    if (!manager.skip_xff_append && peer_is_ip) append_forwarded_for(headers, connection.remote);
  } else {
    trusted = forwarded_for(headers, manager.xff_num_trusted_hops);
  }
  ClientAddress client;
  client.internal = trusted.single && trusted.address && is_internal(manager, *trusted.address);
  client.edge = !client.internal && manager.use_remote_address;
  client.address = trusted.address ? *trusted.address : connection.remote;
  return client;
}

}  // namespace proa::proxy
