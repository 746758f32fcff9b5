#include "cli/service_notify.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "base/number.h"

namespace proa::cli {

Result<ServiceNotify> ServiceNotify::from_environment() {
  ServiceNotify made;
  const char* period = std::getenv("WATCHDOG_USEC");
  const char* watched = std::getenv("WATCHDOG_PID");
  const bool for_us = !watched || parse_decimal(watched) == static_cast<uint64_t>(::getpid());
  if (auto us = period && for_us ? parse_decimal(period) : std::nullopt; us && *us > 0) {
    made.alive_interval_ = std::max(Milliseconds(1), Milliseconds(static_cast<int64_t>(*us / 2'000)));
  }
  ::unsetenv("WATCHDOG_PID");
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (!path || !*path) return made;
  if (*path != '/' && *path != '@') return fail(fmt::format("NOTIFY_SOCKET={} is neither a path nor abstract", path));
  auto address = net::Address::unix_path(path);
  if (!address) return fail("NOTIFY_SOCKET: " + address.error().message);
  made.address_ = *address;
  made.socket_ = net::Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!made.socket_) return fail(fmt::format("no socket for systemd: {}", std::strerror(errno)));
  return made;
}

void ServiceNotify::reloading(MonoTime now) const {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", us.count()));
}

void ServiceNotify::main_process(pid_t pid) const { send(fmt::format("MAINPID={}", pid)); }

void ServiceNotify::send(std::string_view message) const {
  if (!socket_) return;
  sockaddr_storage storage;
  const socklen_t size = address_.to_sockaddr(storage);
  if (::sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&storage),
               size) < 0) {
    log::get("main").warn("cannot tell systemd {}: {}", message, std::strerror(errno));
  }
}

}  // namespace proa::cli
