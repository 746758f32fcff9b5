#include "proxy/client_address.h"

#include <algorithm>

#include "http/header_validity.h"

namespace proa::proxy {
namespace {

using http::HeaderId;

struct Detected {
  std::optional<net::Address> address;
  bool trusted = false;  ///< it may be an internal one: nobody in between could have made it up
};

/// Takes the last entry off a list; nullopt when it is no address.
std::optional<net::Address> take_last(std::string_view& list) {
  const size_t comma = list.rfind(',');
  std::string_view last = http::trim(comma == list.npos ? list : list.substr(comma + 1));
  list = comma == list.npos ? std::string_view() : list.substr(0, comma);
  Result<net::Address> address = net::Address::parse_ip(last, 0);
  return address ? std::optional(*address) : std::nullopt;
}

/// The address `skip` places from the right of X-Forwarded-For. Trusted when it is all there is.
Detected forwarded_for(std::string_view value, uint32_t skip) {
  std::string_view rest = value;
  for (uint32_t i = 0; i < skip; ++i) {
    size_t comma = rest.rfind(',');
    if (comma == rest.npos) return {};
    rest = rest.substr(0, comma);
  }
  std::optional<net::Address> address = take_last(rest);
  if (!address) return {};
  return {address, value.find(',') == value.npos};
}

bool within(const std::vector<net::CidrRange>& ranges, const net::Address& address) {
  return std::ranges::any_of(ranges, [&](const net::CidrRange& range) { return range.contains(address); });
}

/// From the right, the first address that is none of the proxies that we trust; else the leftmost of theirs.
Detected beyond_trusted(std::string_view value, const std::vector<net::CidrRange>& proxies) {
  Detected found;
  for (std::string_view rest = value; !rest.empty();) {
    std::optional<net::Address> address = take_last(rest);
    if (!address) return found;
    found.address = address;
    if (!within(proxies, *address)) return {address, value.find(',') == value.npos};
  }
  return found;
}

std::string_view forwarded_for_value(const http::HeaderList& headers) {
  return headers.value(HeaderId::kXForwardedFor);
}

Detected ask(const IpDetection& how, const net::Address& peer, const http::HeaderList& headers) {
  if (how.header.empty()) {
    if (how.xff_trusted_proxies.empty()) return forwarded_for(forwarded_for_value(headers), how.xff_trusted_hops);
    if (!within(how.xff_trusted_proxies, peer)) return {};
    return beyond_trusted(forwarded_for_value(headers), how.xff_trusted_proxies);
  }
  const http::Header* header = headers.find(how.header);
  if (!header) return {};
  Result<net::Address> address = net::Address::parse_ip(header->value, 0);
  if (!address) return {};
  return {*address, how.trust};
}

/// A peer at 127.0.0.1 or ::1 is known to others by the host's address, as Envoy has it; one at 127.0.0.2 is not.
void append_forwarded_for(const ConnectionManager& manager, http::HeaderList& headers, const net::Address& peer) {
  if (!peer.is_ip()) return;
  Arena& arena = headers.arena();
  std::string_view before = forwarded_for_value(headers);
  const bool here = peer.same_ip(net::Address::loopback(peer.family(), 0));
  std::string_view ip = here ? std::string_view(manager.own_ip) : arena.copy(peer.ip());
  headers.set(HeaderId::kXForwardedFor, before.empty() ? ip : arena.concat(before, ",", ip));
}

}  // namespace

ClientAddress identify_client(const ConnectionManager& manager, const net::ConnectionInfo& connection,
                              http::HeaderList& headers) {
  if (headers.count(HeaderId::kXForwardedFor) > 1) {  // one line for all that read it after us
    headers.set(HeaderId::kXForwardedFor, headers.joined(http::header_name(HeaderId::kXForwardedFor)));
  }
  ClientAddress client;
  Detected found;
  if (manager.use_remote_address) {
    const bool had_none = !headers.has(HeaderId::kXForwardedFor);
    if (manager.xff_num_trusted_hops > 0) {
      found = forwarded_for(forwarded_for_value(headers), manager.xff_num_trusted_hops - 1);
    }
    if (!found.address) found.address = connection.remote;
    found.trusted = had_none;
    if (!manager.skip_xff_append) append_forwarded_for(manager, headers, connection.remote);
  } else if (manager.ip_detections.empty()) {
    found = forwarded_for(forwarded_for_value(headers), manager.xff_num_trusted_hops);
  }
  for (const IpDetection& how : manager.ip_detections) {
    found = ask(how, connection.remote, headers);
    // A peer that is none of the trusted proxies is always named: what it sent is only its word.
    const bool stranger = !how.xff_trusted_proxies.empty() && !within(how.xff_trusted_proxies, connection.remote);
    if (stranger || !how.skip_xff_append) append_forwarded_for(manager, headers, connection.remote);
    if (found.address) break;
    if (how.reject_status) {
      client.reject_status = how.reject_status;
      break;
    }
  }
  client.internal = found.trusted && found.address && within(manager.internal_ranges, *found.address);
  client.edge = !client.internal && manager.use_remote_address;
  client.address = found.address ? *found.address : connection.remote;
  return client;
}

}  // namespace proa::proxy
