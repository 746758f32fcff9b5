#include "cli/restart_predecessor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "cli/restart_socket.h"
#include "net/fd_passing.h"

namespace proa::cli {
namespace {

std::string_view name_of(PassedSocket::Purpose purpose) {
  switch (purpose) {
    case PassedSocket::Purpose::kRestart: return "restart";
    case PassedSocket::Purpose::kAdmin: return "admin";
    case PassedSocket::Purpose::kListener: return "listener";
  }
  return "";
}

}  // namespace

Status RestartPredecessor::Watched::open(net::Fd fd) {
  close();
  Result<net::WatchId> id = loop_.watch(fd.get(), EPOLLIN, *this);
  if (!id) return std::unexpected(id.error());
  fd_ = std::move(fd);
  id_ = *id;
  return {};
}

void RestartPredecessor::Watched::close() {
  if (!fd_) return;
  loop_.unwatch(fd_.get(), id_);
  fd_.reset();
}

Result<std::unique_ptr<RestartPredecessor>> RestartPredecessor::make(net::Loop& loop, net::Fd socket, Role role) {
  std::unique_ptr<RestartPredecessor> made(new RestartPredecessor(loop, std::move(role)));
  if (Status opened = made->socket_.open(std::move(socket)); !opened) return std::unexpected(opened.error());
  return made;
}

RestartPredecessor::RestartPredecessor(net::Loop& loop, Role role)
    : loop_(loop),
      role_(std::move(role)),
      socket_(loop, [this] { on_connection(); }),
      successor_(loop, [this] { on_message(); }) {}

RestartPredecessor::~RestartPredecessor() = default;

void RestartPredecessor::on_connection() {
  Result<net::Fd> connection = accept_restart(socket_.fd(), role_.user);
  if (!connection) return log::get("main").warn("{}", connection.error().message);
  if (successor_) return log::get("main").warn("another process is taking over already");
  if (Status opened = successor_.open(std::move(*connection)); !opened) {
    log::get("main").error("hot restart: {}", opened.error().message);
  }
}

void RestartPredecessor::on_message() {
  auto message = net::receive_fds(successor_.fd(), kMaxRestartMessage);
  Status done;
  if (!message) {
    done = std::unexpected(message.error());
  } else if (message->bytes.empty()) {
    done = fail("the new process ended before it served; this one goes on");
  } else if (message->bytes == fmt::format("take {}", kRestartProtocol)) {
    done = give_sockets();
  } else {
    done = step_down(message->bytes);
  }
  if (done) return;
  log::get("main").error("hot restart: {}", done.error().message);
  successor_.close();
}

Status RestartPredecessor::give_sockets() {
  std::vector<PassedSocket> sockets = role_.sockets();
  sockets.push_back({.purpose = PassedSocket::Purpose::kRestart,
                     .address = "-",
                     .fd = net::Fd(::fcntl(socket_.fd(), F_DUPFD_CLOEXEC, 0))});
  const auto age = std::chrono::duration_cast<Milliseconds>(loop_.now() - role_.first_started);
  const std::string hello = fmt::format("proa {} {} {} {}", kRestartProtocol, role_.epoch, age.count(), sockets.size());
  if (Status sent = net::send_fds(successor_.fd(), hello, {}); !sent) return sent;
  for (size_t at = 0; at < sockets.size(); at += kMaxSocketsAtOnce) {
    std::string lines;
    std::vector<int> fds;
    for (size_t i = at; i < std::min(sockets.size(), at + kMaxSocketsAtOnce); ++i) {
      lines += fmt::format("{} {}\n", name_of(sockets[i].purpose), sockets[i].address);
      fds.push_back(sockets[i].fd.get());
    }
    if (Status sent = net::send_fds(successor_.fd(), lines, fds); !sent) return sent;
  }
  log::get("main").info("process {} takes over", peer_process(successor_.fd()));
  return {};
}

Status RestartPredecessor::step_down(std::string_view message) {
  const std::vector<uint64_t> times = numbers_of(message, "drain", 2);
  if (times.empty()) return fail("the new process says what this one does not understand");
  succeeded_ = true;
  socket_.close();  // the successor has a copy
  role_.succeeded({.drain = {.spread = Milliseconds(times[0]), .limit = Milliseconds(times[1])},
                   .successor = peer_process(successor_.fd())});
  Status sent = net::send_fds(successor_.fd(), "ok", {});
  successor_.close();
  return sent;
}

}  // namespace proa::cli
