// Where a listener listens, as operators are told.
#pragma once

#include <vector>

#include "proxy/server.h"

namespace proa::admin {

/// With the ports that the kernel chose; those of the configuration when none is bound.
inline std::vector<net::Address> addresses_of(const proxy::Server& server, const proxy::ListenerConfig& listener) {
  std::vector<net::Address> bound = server.bound_addresses(listener.name);
  return bound.empty() ? listener.addresses : bound;
}

}  // namespace proa::admin
