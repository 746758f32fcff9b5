#include "net/epoll_poller.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>

#include "base/log.h"

namespace proa::net {

EpollPoller::EpollPoller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_) return;
  log::get("main").critical("epoll_create1 failed: errno {}", errno);
  std::abort();
}

int EpollPoller::add(int fd, uint32_t events, uint64_t data) {
  epoll_event event{.events = events, .data = {.u64 = data}};
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

int EpollPoller::modify(int fd, uint32_t events, uint64_t data) {
  epoll_event event{.events = events, .data = {.u64 = data}};
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0 ? 0 : errno;
}

int EpollPoller::remove(int fd) { return ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) == 0 ? 0 : errno; }

std::span<const epoll_event> EpollPoller::wait(Milliseconds max) {
  int timeout =
      max.count() < 0 ? -1 : static_cast<int>(std::min<int64_t>(max.count(), std::numeric_limits<int>::max()));
  int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout);
  return {events_.data(), count > 0 ? static_cast<size_t>(count) : 0};  // EINTR is an empty turn
}

}  // namespace proa::net
