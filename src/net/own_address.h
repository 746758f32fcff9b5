// The address by which others on the network know this host.
#pragma once

#include "net/address.h"

namespace proa::net {

/// The first IPv4 address of an interface that is not loopback; 127.0.0.1 where there is none. Asks the kernel.
Address own_address();

}  // namespace proa::net
