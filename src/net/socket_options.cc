#include "net/socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace proa::net {
namespace {

Status set_int(int fd, int level, int name, int value) {
  return set_option(fd, SocketOption::of_int(level, name, value));
}

template <class Get>
Address ask(int fd, Get get) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (get(fd, address, &size) != 0) return {};
  return Address::from_sockaddr(address, size);
}

}  // namespace

SocketOption SocketOption::of_int(int level, int name, int value) {
  return {level, name, std::string(reinterpret_cast<const char*>(&value), sizeof value)};
}

Result<Fd> open_stream_socket(const Address& address) {
  int family = address.is_unix() ? AF_UNIX : address.family() == Address::Family::kIpv6 ? AF_INET6 : AF_INET;
  Fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail("cannot open a socket for " + address.to_string() + ": " + std::strerror(errno));
  return fd;
}

Status set_option(int fd, const SocketOption& option) {
  auto size = static_cast<socklen_t>(option.value.size());
  if (::setsockopt(fd, option.level, option.name, option.value.data(), size) == 0) return {};
  return fail("socket option " + std::to_string(option.level) + "/" + std::to_string(option.name) +
              " refused: " + std::strerror(errno));
}

Status set_options(int fd, std::span<const SocketOption> options) {
  for (const SocketOption& option : options) {
    if (auto status = set_option(fd, option); !status) return status;
  }
  return {};
}

Status set_keep_alive(int fd, const KeepAlive& keep_alive) {
  auto status = set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (status && keep_alive.probes) {
    status = set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, static_cast<int>(*keep_alive.probes));
  }
  if (status && keep_alive.idle) {
    status = set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(keep_alive.idle->count()));
  }
  if (status && keep_alive.interval) {
    status = set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(keep_alive.interval->count()));
  }
  return status;
}

Status set_transparent(int fd, const Address& address) {
  bool v6 = address.family() == Address::Family::kIpv6;
  return v6 ? set_int(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1) : set_int(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
}

Status set_free_bind(int fd, const Address& address) {
  bool v6 = address.family() == Address::Family::kIpv6;
  return v6 ? set_int(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1) : set_int(fd, IPPROTO_IP, IP_FREEBIND, 1);
}

void set_no_delay(int fd) {
  int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // a Unix socket refuses it, and needs it not
}

Address local_address(int fd) { return ask(fd, ::getsockname); }
Address peer_address(int fd) { return ask(fd, ::getpeername); }

}  // namespace proa::net
