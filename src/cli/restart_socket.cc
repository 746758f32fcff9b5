#include "cli/restart_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

#include "base/number.h"
#include "net/address.h"

namespace proa::cli {
namespace {

// The new process has nothing else to do; the old one's main loop must go on.
constexpr timeval kNewWaits{.tv_sec = 10, .tv_usec = 0};
constexpr timeval kOldWaits{.tv_sec = 2, .tv_usec = 0};

struct Name {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<Name> name_of(uint32_t base_id) {
  auto address = net::Address::unix_path(restart_socket_name(base_id));
  if (!address) return std::unexpected(address.error());
  Name name;
  name.size = address->to_sockaddr(name.storage);
  return name;
}

std::unexpected<Error> failed(std::string_view what, uint32_t base_id) {
  return fail(fmt::format("cannot {} the socket of base id {}: {}", what, base_id, std::strerror(errno)));
}

Result<ucred> peer(int fd) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0) return who;
  return fail(fmt::format("cannot learn who is at the other side of a hot restart: {}", std::strerror(errno)));
}

Status must_be(int fd, uid_t user) {
  Result<ucred> who = peer(fd);
  if (!who) return std::unexpected(who.error());
  if (who->uid == user) return {};
  return fail(
      fmt::format("process {} of user {} is no partner for a hot restart of user {}", who->pid, who->uid, user));
}

Status limit_waiting(int fd, const timeval& limit) {
  for (int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (::setsockopt(fd, SOL_SOCKET, option, &limit, sizeof limit) == 0) continue;
    return fail(fmt::format("cannot limit the waiting of a hot restart: {}", std::strerror(errno)));
  }
  return {};
}

}  // namespace

std::vector<uint64_t> numbers_of(std::string_view message, std::string_view word, size_t count) {
  if (!message.starts_with(word)) return {};
  message.remove_prefix(word.size());
  std::vector<uint64_t> numbers;
  while (message.starts_with(' ')) {
    message.remove_prefix(1);
    const std::string_view digits = message.substr(0, message.find(' '));
    const auto number = parse_decimal(digits);
    if (!number) return {};
    numbers.push_back(*number);
    message.remove_prefix(digits.size());
  }
  return message.empty() && numbers.size() == count ? numbers : std::vector<uint64_t>();
}

std::string restart_socket_name(uint32_t base_id) { return fmt::format("@proa-proxy/{}", base_id); }

Result<net::Fd> open_restart_socket(uint32_t base_id) {
  Result<Name> name = name_of(base_id);
  if (!name) return std::unexpected(name.error());
  net::Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return failed("open", base_id);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&name->storage), name->size) != 0) return failed("bind", base_id);
  if (::listen(fd.get(), 8) != 0) return failed("listen on", base_id);
  return fd;
}

Result<net::Fd> connect_restart_socket(uint32_t base_id, uid_t user) {
  Result<Name> name = name_of(base_id);
  if (!name) return std::unexpected(name.error());
  net::Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) return failed("open", base_id);
  if (Status limited = limit_waiting(fd.get(), kNewWaits); !limited) return std::unexpected(limited.error());
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&name->storage), name->size) != 0) {
    if (errno == ECONNREFUSED)
      return fail(fmt::format("there is no process with base id {} to take over from", base_id));
    return failed("connect to", base_id);
  }
  if (Status mine = must_be(fd.get(), user); !mine) return std::unexpected(mine.error());
  return fd;
}

Result<net::Fd> accept_restart(int socket, uid_t user) {
  net::Fd fd(::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd) return fail(fmt::format("cannot accept a hot restart: {}", std::strerror(errno)));
  if (Status mine = must_be(fd.get(), user); !mine) return std::unexpected(mine.error());
  if (Status limited = limit_waiting(fd.get(), kOldWaits); !limited) return std::unexpected(limited.error());
  return fd;
}

pid_t peer_process(int fd) {
  Result<ucred> who = peer(fd);
  return who ? who->pid : 0;
}

}  // namespace proa::cli
