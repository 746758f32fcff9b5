// What an exchange does differently for upgrades and CONNECT.
#include "net/proxy_protocol.h"
#include "net/transport.h"
#include "proxy/exchange.h"

namespace proa::proxy {

/// What the route says counts, then what the connection manager says.
bool Exchange::upgrade_allowed(const route::Forward& forward) const {
  const std::string_view wanted = request_.protocol.empty() ? "connect" : request_.protocol;
  for (const route::UpgradeOverride& upgrade : forward.upgrades) {
    if (upgrade.type == wanted) return upgrade.enabled;
  }
  for (const UpgradeConfig& upgrade : manager_->upgrades) {
    if (upgrade.type == wanted) return upgrade.enabled;
  }
  return false;
}

/// An ordinary answer of an HTTP/1 server to an upgrade. To a client of HTTP/2 any 2xx says that the tunnel is there
/// (RFC 8441 section 5), and it would take the body for what comes out of it.
bool Exchange::would_pass_for_upgraded(const http::ResponseHead& head) const {
  return !request_.protocol.empty() && request_.version == http::Version::kHttp2 && head.status / 100 == 2;
}

/// The payload goes to the cluster as plain TCP, without this request's head.
bool Exchange::ends_tunnel() const {
  if (!forward_->tunnel_end) return false;
  return (request_.method_id == http::Method::kConnect && request_.protocol.empty()) ||
         (request_.method_id == http::Method::kPost && forward_->tunnel_end->allow_post);
}

std::string_view Exchange::tunnel_preamble() {
  const net::ConnectionInfo& client = *info_.downstream;
  switch (forward_->tunnel_end->proxy_protocol) {
    case 1: return arena_->copy(net::write_proxy_v1(client.remote, client.local));
    case 2:
      return arena_->copy(net::write_proxy_v2(client.remote, client.local,
                                              net::selected(client.proxy_tlvs, forward_->tunnel_end->proxy_tlvs)));
    default: return {};
  }
}

}  // namespace proa::proxy
