// Where a loop waits and reads the time: the kernel in production, a fake clock in tests.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "base/clock.h"

namespace proa::net {

/// Belongs to one Loop. `events` are epoll's (EPOLLIN, EPOLLET, ...); `data` comes back with each event.
class Poller {
 public:
  virtual ~Poller() = default;
  /// All three return 0 or an errno.
  virtual int add(int fd, uint32_t events, uint64_t data) = 0;
  virtual int modify(int fd, uint32_t events, uint64_t data) = 0;
  virtual int remove(int fd) = 0;
  /// Waits at most `max` (negative: for ever). The result is valid until the next call.
  virtual std::span<const epoll_event> wait(Milliseconds max) = 0;
  virtual MonoTime now() = 0;
  virtual WallTime wall_now() = 0;
};

}  // namespace proa::net
