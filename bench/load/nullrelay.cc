// The floor of every comparison: a TCP relay that only copies bytes, one upstream connection for each client's.
// What a proxy costs above this is its own work; what this costs is the kernel's.
//
//   nullrelay LISTEN_PORT UPSTREAM_PORT       both on 127.0.0.1; runs until a signal ends it
//
// Edge-triggered epoll, one thread, one read buffer; a read that comes back short is the last one of its event.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

struct Pair;

/// One socket of a pair. `waiting` holds bytes that this socket could not take yet.
struct End {
  int fd = -1;
  Pair* pair = nullptr;
  std::string waiting;
  bool readable = false;  ///< an edge has come and has not been used up
  bool hung_up = false;   ///< the end is near: a short read is not the last one
  bool ended = false;     ///< the peer will send nothing more
  bool shut = false;      ///< we have told the other side so
};

struct Pair {
  End client;
  End upstream;
  bool dead = false;
};

int epoll_fd = -1;
std::vector<Pair*> dead;
std::array<char, 64 * 1024> scratch;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void watch(int fd, uint32_t events, void* data) {
  epoll_event event{.events = events, .data = {.ptr = data}};
  if (::epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

/// Freed after the turn: other events of the same turn may still name it.
void kill_pair(Pair& pair) {
  if (pair.dead) return;
  pair.dead = true;
  ::close(pair.client.fd);
  ::close(pair.upstream.fd);
  dead.push_back(&pair);
}

/// False when the socket is broken.
bool flush(End& to) {
  while (!to.waiting.empty()) {
    const ssize_t sent = ::send(to.fd, to.waiting.data(), to.waiting.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    to.waiting.erase(0, static_cast<size_t>(sent));
  }
  return true;
}

bool pass_on(End& to, const char* bytes, size_t size) {
  const ssize_t sent = ::send(to.fd, bytes, size, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != ENOTCONN) return false;
  const size_t done = sent < 0 ? 0 : static_cast<size_t>(sent);
  if (done < size) to.waiting.assign(bytes + done, size - done);
  return true;
}

/// Moves what is there; stops when `to` is full. False when the pair is to be closed.
bool copy(End& from, End& to) {
  while (from.readable && !from.ended && to.waiting.empty()) {
    const ssize_t got = ::recv(from.fd, scratch.data(), scratch.size(), 0);
    if (got < 0) {
      if (errno != EAGAIN) return false;
      from.readable = false;
      break;
    }
    if (got == 0) from.ended = true;
    if (got < static_cast<ssize_t>(scratch.size())) from.readable = from.hung_up;
    if (got > 0 && !pass_on(to, scratch.data(), static_cast<size_t>(got))) return false;
  }
  if (from.ended && to.waiting.empty() && !to.shut) {
    to.shut = true;
    ::shutdown(to.fd, SHUT_WR);
  }
  return true;
}

void on_event(End& end, uint32_t events) {
  Pair& pair = *end.pair;
  if (pair.dead) return;
  End& other = &end == &pair.client ? pair.upstream : pair.client;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) end.readable = true;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) end.hung_up = true;
  bool alive = true;
  if ((events & EPOLLOUT) && !end.waiting.empty()) alive = flush(end) && copy(other, end);
  alive = alive && copy(end, other);
  if (!alive || (end.ended && other.ended && end.waiting.empty() && other.waiting.empty())) kill_pair(pair);
}

void accept_all(int listener, const sockaddr_in& target) {
  while (true) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    const int upstream = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (upstream < 0) die("socket");
    no_delay(client);
    no_delay(upstream);
    if (::connect(upstream, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0 && errno != EINPROGRESS) {
      ::close(client);
      ::close(upstream);
      continue;
    }
    auto* pair = new Pair;
    pair->client.fd = client;
    pair->upstream.fd = upstream;
    pair->client.pair = pair->upstream.pair = pair;
    constexpr uint32_t kAll = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    watch(client, kAll, &pair->client);
    watch(upstream, kAll, &pair->upstream);
  }
}

int listen_on(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("bind");
  if (::listen(fd, 4096) != 0) die("listen");
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: nullrelay LISTEN_PORT UPSTREAM_PORT\n", stderr);
    return 64;
  }
  std::signal(SIGPIPE, SIG_IGN);
  epoll_fd = ::epoll_create1(EPOLL_CLOEXEC);
  const int listener = listen_on(std::atoi(argv[1]));
  const sockaddr_in target = loopback(std::atoi(argv[2]));
  watch(listener, EPOLLIN | EPOLLET, nullptr);
  std::array<epoll_event, 256> events;
  while (true) {
    const int count = ::epoll_wait(epoll_fd, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      if (!events[i].data.ptr) {
        accept_all(listener, target);
      } else {
        on_event(*static_cast<End*>(events[i].data.ptr), events[i].events);
      }
    }
    for (Pair* pair : dead) delete pair;
    dead.clear();
  }
}
