// Descriptors from one process to another over a Unix stream socket, as a hot restart needs it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/fd.h"

namespace proa::net {

/// Most descriptors in one message: the kernel's SCM_MAX_FD.
inline constexpr size_t kMaxPassedFds = 253;

struct FdMessage {
  std::string bytes;
  std::vector<Fd> fds;  // close-on-exec
};

/// Sends one message of at least one byte. On a blocking socket; the descriptors stay open here too. Thread-safe if
/// nobody else writes to the socket.
Status send_fds(int socket, std::string_view bytes, std::span<const int> fds);
/// Receives up to `max_bytes` with the descriptors that came along. A stream has no message ends: agree on a length.
/// An empty `bytes` means that the peer has closed. Fails when descriptors were lost, because too many came or this
/// process may open no more; those that came are closed then.
Result<FdMessage> receive_fds(int socket, size_t max_bytes);

}  // namespace proa::net
