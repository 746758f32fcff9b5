#include "net/listen_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace proa::net {
namespace {

std::unexpected<Error> refused(std::string_view what, const Address& address) {
  return fail("cannot " + std::string(what) + " " + address.to_string() + ": " + std::strerror(errno));
}

Status prepare(int fd, const Address& address, const ListenOptions& options) {
  auto set = [fd](int level, int name, int value) { return set_option(fd, SocketOption::of_int(level, name, value)); };
  Status status;
  if (address.is_ip()) {
    set_no_delay(fd);  // accepted sockets inherit it
    status = set(SOL_SOCKET, SO_REUSEADDR, 1);
    if (status && options.reuse_port) status = set(SOL_SOCKET, SO_REUSEPORT, 1);
    if (status && address.family() == Address::Family::kIpv6) {
      status = set(IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only);
    }
    if (status && options.transparent) status = set_transparent(fd, address);
    if (status && options.free_bind) status = set_free_bind(fd, address);
    if (status && options.keep_alive) status = set_keep_alive(fd, *options.keep_alive);
  }
  return status ? set_options(fd, options.options) : status;
}

// A path left by a dead process is in the way of bind; one that is answered belongs to somebody.
bool is_stale(const Address& address) {
  auto probe = open_stream_socket(address);
  if (!probe) return false;
  sockaddr_storage storage;
  socklen_t size = address.to_sockaddr(storage);
  return ::connect(probe->get(), reinterpret_cast<sockaddr*>(&storage), size) != 0 && errno == ECONNREFUSED;
}

}  // namespace

Result<Fd> bind_socket(const Address& address, const ListenOptions& options) {
  auto fd = open_stream_socket(address);
  if (!fd) return fd;
  if (auto status = prepare(fd->get(), address, options); !status) return std::unexpected(status.error());
  bool has_path = address.is_unix() && address.path()[0] != '@';
  std::string path(address.path());
  if (has_path && is_stale(address)) ::unlink(path.c_str());
  sockaddr_storage storage;
  socklen_t size = address.to_sockaddr(storage);
  if (::bind(fd->get(), reinterpret_cast<sockaddr*>(&storage), size) != 0) return refused("bind to", address);
  if (has_path && options.unix_mode && ::chmod(path.c_str(), *options.unix_mode) != 0) {
    return refused("set the mode of", address);
  }
  return fd;
}

Status start_listening(int fd, const ListenOptions& options) {
  if (::listen(fd, options.backlog) != 0) return refused("listen on", local_address(fd));
  if (!options.fast_open_queue) return {};
  return set_option(fd, SocketOption::of_int(IPPROTO_TCP, TCP_FASTOPEN, static_cast<int>(*options.fast_open_queue)));
}

Result<Fd> listen_on(const Address& address, const ListenOptions& options) {
  auto fd = bind_socket(address, options);
  if (!fd) return fd;
  if (auto status = start_listening(fd->get(), options); !status) return std::unexpected(status.error());
  return fd;
}

Result<Fd> adopt_listener(Fd fd, const Address& address) {
  int listening = 0;
  socklen_t size = sizeof listening;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening) {
    return fail("the inherited descriptor for " + address.to_string() + " is not a listening socket");
  }
  Address bound = local_address(fd.get());
  if (bound.with_port(0) != address.with_port(0) || (address.port() != 0 && bound.port() != address.port())) {
    return fail("the inherited socket listens on " + bound.to_string() + ", not on " + address.to_string());
  }
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  if (address.is_ip()) set_no_delay(fd.get());
  return fd;
}

bool shares_port(int fd) {
  int on = 0;
  socklen_t size = sizeof on;
  return ::getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, &size) == 0 && on;
}

Acceptor::Acceptor(Loop& loop, Fd listener, AcceptHandler& handler, uint32_t per_event)
    : loop_(loop),
      listener_(std::move(listener)),
      reserve_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      handler_(handler),
      per_event_(per_event ? per_event : kDefaultPerEvent),
      local_(local_address(listener_.get())),
      back_off_(Timer::of<&Acceptor::back_off_over>(this)) {}

Result<std::unique_ptr<Acceptor>> Acceptor::make(Loop& loop, Fd listener, AcceptHandler& handler, uint32_t per_event) {
  std::unique_ptr<Acceptor> out(new Acceptor(loop, std::move(listener), handler, per_event));
  // Level-triggered: what a turn leaves in the backlog is reported again.
  auto id = loop.watch(out->fd(), EPOLLIN, *out);
  if (!id) return std::unexpected(id.error());
  out->watch_ = *id;
  return out;
}

Acceptor::~Acceptor() {
  *destroyed_ = true;
  loop_.unwatch(listener_.get(), watch_);
}

void Acceptor::pause() {
  paused_ = true;
  update();
}

void Acceptor::resume() {
  paused_ = false;
  update();
}

void Acceptor::update() {
  if (!listener_) return;
  (void)loop_.rewatch(listener_.get(), watch_, paused_ || back_off_.active() ? 0U : EPOLLIN);
}

Fd Acceptor::release() {
  loop_.unwatch(listener_.get(), watch_);
  back_off_.stop();
  return std::move(listener_);
}

void Acceptor::on_events(uint32_t) {
  auto destroyed = destroyed_;  // the handler may destroy us
  for (uint32_t i = 0; i < per_event_ && !paused_ && listener_; ++i) {
    sockaddr_storage storage;
    socklen_t size = sizeof storage;
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    Fd fd(::accept4(listener_.get(), address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO) continue;  // that one has gone already
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) exhausted();
      break;
    }
    if (!handler_.admit()) continue;
    handler_.on_accept(std::move(fd), Address::from_sockaddr(address, size));
    if (*destroyed) return;
  }
}

void Acceptor::exhausted() {
  if (reserve_) {
    reserve_.reset();
    Fd refused(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));  // closed: the client need not wait
    refused.reset();
    reserve_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  back_off_.start(loop_, kBackOff);
  update();
  handler_.on_exhausted();
}

}  // namespace proa::net
