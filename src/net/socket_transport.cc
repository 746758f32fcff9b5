#include "net/socket_transport.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace proa::net {
namespace {

constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr uint32_t kEnd = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

IoResult failed(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return {.state = IoResult::State::kBlocked};
  return {.state = IoResult::State::kError, .error = error};
}

IoResult receive(int fd, char* to, size_t size, int flags) {
  ssize_t n;
  do {
    n = ::recv(fd, to, size, flags);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return failed(errno);
  if (n == 0) return {.state = IoResult::State::kEof};
  return {.bytes = static_cast<size_t>(n)};
}

IoResult send_pieces(int fd, std::span<const iovec> pieces, bool more) {
  const int flags = more ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  ssize_t n;
  do {
    // One piece, the usual case, spares the kernel to copy and check a header and a list.
    n = pieces.size() == 1 ? ::send(fd, pieces[0].iov_base, pieces[0].iov_len, flags) : ::sendmsg(fd, &message, flags);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return failed(errno);
  return {.bytes = static_cast<size_t>(n)};
}

size_t total(std::span<const iovec> pieces) {
  size_t out = 0;
  for (const iovec& piece : pieces) out += piece.iov_len;
  return out;
}

Status prepare(int fd, const Address& to, const ConnectOptions& options) {
  if (to.is_ip()) set_no_delay(fd);
  Status status = set_options(fd, options.options);
  if (status && options.keep_alive) status = set_keep_alive(fd, *options.keep_alive);
  if (status && options.mark) {
    status = set_option(fd, SocketOption::of_int(SOL_SOCKET, SO_MARK, static_cast<int>(*options.mark)));
  }
  if (!status || !options.source) return status;
  if (options.transparent) status = set_transparent(fd, options.source);
  if (!status) return status;
  if (options.source.is_ip() && options.source.port() == 0) {
    // The port is chosen at connect, when the peer is known: the same one may serve several peers.
    (void)set_option(fd, SocketOption::of_int(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1));
  }
  sockaddr_storage storage;
  socklen_t size = options.source.to_sockaddr(storage);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&storage), size) == 0) return {};
  return fail("cannot bind to source " + options.source.to_string() + ": " + std::strerror(errno));
}

}  // namespace

SocketTransport::SocketTransport(Loop& loop, Fd fd) : loop_(loop), fd_(std::move(fd)) {
  info_->id = next_connection_id();
}

Status SocketTransport::watch() {
  auto id = loop_.watch(fd_.get(), kEvents, *this);
  if (!id) return std::unexpected(id.error());
  watch_ = *id;
  return {};
}

Result<std::unique_ptr<SocketTransport>> SocketTransport::adopt(Loop& loop, Fd fd, const Address& remote) {
  std::unique_ptr<SocketTransport> out(new SocketTransport(loop, std::move(fd)));
  out->info_->local = local_address(out->fd());
  out->info_->remote = out->info_->direct_remote = remote;
  if (auto status = out->watch(); !status) return std::unexpected(status.error());
  return out;
}

Result<std::unique_ptr<SocketTransport>> SocketTransport::connect(Loop& loop, const Address& to,
                                                                  const ConnectOptions& options) {
  auto fd = open_stream_socket(to);
  if (!fd) return std::unexpected(fd.error());
  if (auto status = prepare(fd->get(), to, options); !status) return std::unexpected(status.error());
  std::unique_ptr<SocketTransport> out(new SocketTransport(loop, std::move(*fd)));
  out->info_->remote = out->info_->direct_remote = to;
  sockaddr_storage storage;
  socklen_t size = to.to_sockaddr(storage);
  if (::connect(out->fd(), reinterpret_cast<sockaddr*>(&storage), size) != 0 && errno != EINPROGRESS) {
    return fail("immediate connect error: " + to.to_string() + ": " + std::strerror(errno));
  }
  out->connecting_ = true;  // even when it succeeded at once: the first edge says so
  // Watched only now: an unconnected socket reports a hang-up.
  if (auto status = out->watch(); !status) return std::unexpected(status.error());
  if (options.timeout.count() >= 0) {
    out->connect_timer_ = std::make_unique<Timer>(Timer::of<&SocketTransport::on_connect_timeout>(out.get()));
    out->connect_timer_->start(loop, options.timeout);
  }
  return out;
}

void SocketTransport::on_connect_timeout() { fail_connect("connection timeout"); }

void SocketTransport::fail_connect(std::string reason) {
  connecting_ = false;
  close();
  if (observer_) observer_->on_connect_failed(std::move(reason));
}

bool SocketTransport::finish_connect() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) {
    fail_connect(std::string("delayed connect error: ") + std::strerror(error));
    return false;
  }
  connecting_ = false;
  connect_timer_.reset();
  info_->local = local_address(fd_.get());
  if (observer_) observer_->on_connected();
  return open();
}

void SocketTransport::on_events(uint32_t events) {
  if (connecting_) {
    if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) || !finish_connect()) return;
  }
  if (events & kEnd) ended_ = true;
  if (events & (EPOLLIN | kEnd) && observer_) observer_->on_readable();
  if (!open()) return;
  if (want_write_ && events & (EPOLLOUT | EPOLLHUP | EPOLLERR) && observer_) {
    want_write_ = false;
    observer_->on_writable();
    if (!open()) return;
  }
  if (events & (EPOLLHUP | EPOLLERR) && observer_ && !std::exchange(hung_up_, true)) observer_->on_hangup();
}

IoResult SocketTransport::read(char* to, size_t size) {
  if (!open()) return failed(EBADF);
  if (connecting_) return failed(EAGAIN);
  IoResult result = receive(fd_.get(), to, size, 0);
  if (result.ok()) result.drained = result.bytes < size && !ended_;
  return result;
}

IoResult SocketTransport::peek(char* to, size_t size) {
  if (!open()) return failed(EBADF);
  return receive(fd_.get(), to, size, MSG_PEEK);
}

IoResult SocketTransport::writev(std::span<const iovec> pieces) {
  if (!open()) return failed(EBADF);
  if (connecting_) {
    want_write_ = true;
    return failed(EAGAIN);
  }
  size_t sent = 0;
  while (!pieces.empty()) {
    auto now = pieces.first(std::min<size_t>(pieces.size(), IOV_MAX));
    IoResult result = send_pieces(fd_.get(), now, more_);
    if (!result.ok()) {
      want_write_ = result.state == IoResult::State::kBlocked;
      return sent ? IoResult{.bytes = sent} : result;  // an error comes back with the next write
    }
    sent += result.bytes;
    if (result.bytes < total(now)) {
      want_write_ = true;
      break;
    }
    pieces = pieces.subspan(now.size());
  }
  return {.bytes = sent};
}

void SocketTransport::shutdown_write() {
  if (open() && !connecting_) ::shutdown(fd_.get(), SHUT_WR);
}

void SocketTransport::close(bool reset) {
  if (!open()) return;
  if (reset) {
    linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  connect_timer_.reset();
  loop_.forget(watch_);
  fd_.reset();
}

Fd SocketTransport::release() {
  loop_.unwatch(fd_.get(), watch_);
  return std::move(fd_);
}

}  // namespace proa::net
