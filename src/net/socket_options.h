// Options of sockets, as configuration gives them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "net/address.h"
#include "net/fd.h"

namespace proa::net {

/// One raw setsockopt; `value` is the option's bytes (an int in the machine's order, or a struct).
struct SocketOption {
  int level = 0;
  int name = 0;
  std::string value;
  static SocketOption of_int(int level, int name, int value);
};

/// TCP keep-alive; what is not set keeps the kernel's default.
struct KeepAlive {
  std::optional<uint32_t> probes;
  std::optional<std::chrono::seconds> idle;
  std::optional<std::chrono::seconds> interval;
};

/// A non-blocking, close-on-exec stream socket of the address's family.
Result<Fd> open_stream_socket(const Address& address);
/// Fails with the option's level, name and the kernel's reason.
Status set_option(int fd, const SocketOption& option);
Status set_options(int fd, std::span<const SocketOption> options);
Status set_keep_alive(int fd, const KeepAlive& keep_alive);
/// IP_TRANSPARENT: bind to, or accept for, addresses that are not ours. Needs CAP_NET_ADMIN or CAP_NET_RAW.
Status set_transparent(int fd, const Address& address);
/// IP_FREEBIND: bind to an address that does not exist yet.
Status set_free_bind(int fd, const Address& address);
void set_no_delay(int fd);

/// The socket's own and its peer's address; kNone on error.
Address local_address(int fd);
Address peer_address(int fd);

}  // namespace proa::net
