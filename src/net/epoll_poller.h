// The production poller: epoll and the system's clocks.
#pragma once

#include <array>

#include "net/fd.h"
#include "net/poller.h"

namespace proa::net {

class EpollPoller final : public Poller {
 public:
  /// Aborts when the kernel gives no epoll descriptor: nothing can run without one.
  EpollPoller();
  int add(int fd, uint32_t events, uint64_t data) override;
  int modify(int fd, uint32_t events, uint64_t data) override;
  int remove(int fd) override;
  std::span<const epoll_event> wait(Milliseconds max) override;
  MonoTime now() override { return std::chrono::steady_clock::now(); }
  WallTime wall_now() override { return std::chrono::system_clock::now(); }

 private:
  Fd epoll_;
  std::array<epoll_event, 128> events_;
};

}  // namespace proa::net
