// Finds a socket of another process that listens on a port here.
#pragma once

#include <cstdint>
#include <vector>

#include "net/fd.h"

namespace proa::redirect {

struct FoundListener {
  net::Fd fd;  ///< the same socket, as one of ours
  bool ipv6;
};

/// At most one of each family. Needs the right to look at the process (ptrace); without it, nothing is found.
std::vector<FoundListener> find_listeners(uint16_t port);

}  // namespace proa::redirect
