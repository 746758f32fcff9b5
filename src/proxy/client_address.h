// Who the client is: trusted address from X-Forwarded-For or another header, internal or external, edge or not
// (Envoy's use_remote_address and original_ip_detection_extensions rules).
#pragma once

#include <optional>

#include "net/transport.h"
#include "proxy/connection_manager.h"

namespace proa::proxy {

struct ClientAddress {
  net::Address address;
  bool internal = false;       ///< its x-envoy-* headers are believed
  bool edge = false;           ///< an external client that we are the first to see
  uint16_t reject_status = 0;  ///< not 0: its address could not be told, and is demanded
};

/// Decides, makes one line of several x-forwarded-for, and appends the peer to x-forwarded-for where the configuration says so.
ClientAddress identify_client(const ConnectionManager& manager, const net::ConnectionInfo& connection,
                              http::HeaderList& headers);

}  // namespace proa::proxy
