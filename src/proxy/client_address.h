// Who the client is: trusted address from X-Forwarded-For, internal or external, edge or not
// (Envoy's use_remote_address rules).
#pragma once

#include <optional>

#include "net/transport.h"
#include "proxy/connection_manager.h"

namespace proa::proxy {

struct ClientAddress {
  net::Address address;
  bool internal = false;  ///< its x-envoy-* headers are believed
  bool edge = false;      ///< an external client that we are the first to see
};

/// Decides, and appends the peer to x-forwarded-for where the configuration says so.
ClientAddress identify_client(const ConnectionManager& manager, const net::ConnectionInfo& connection,
                              http::HeaderList& headers);

}  // namespace proa::proxy
