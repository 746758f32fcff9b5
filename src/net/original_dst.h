// Where a redirected connection was going before netfilter, TPROXY or eBPF brought it to us.
#pragma once

#include "net/address.h"

namespace proa::net {

struct OriginalDestination {
  Address address;        // kNone when the socket is not IP
  bool restored = false;  // it differs from the address of the listener: false means a direct connection
};

/// Asks SO_ORIGINAL_DST, and getsockname where the kernel does not know (TPROXY and sk_lookup put it there; REDIRECT
/// without conntrack loses it). Ask once, at accept: conntrack may forget. `listener` is the listening address; a
/// connection whose original destination is the listener's own port on an own address must not be forwarded there,
/// or it comes back for ever: check `restored`.
OriginalDestination original_destination(int fd, const Address& listener);

}  // namespace proa::net
