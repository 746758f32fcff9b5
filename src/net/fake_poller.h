// A poller for tests: real descriptors, a clock that jumps instead of waiting.
#pragma once

#include "net/epoll_poller.h"

namespace proa::net {

class Loop;

/// wait() reports what is ready now; when nothing is, it moves the clock forward by the whole wait. The clocks
/// start at fixed points, so that tests repeat exactly. A wait without end moves it by one second.
class FakePoller final : public Poller {
 public:
  int add(int fd, uint32_t events, uint64_t data) override { return real_.add(fd, events, data); }
  int modify(int fd, uint32_t events, uint64_t data) override { return real_.modify(fd, events, data); }
  int remove(int fd) override { return real_.remove(fd); }
  std::span<const epoll_event> wait(Milliseconds max) override {
    auto events = real_.wait(Milliseconds(0));
    if (events.empty()) elapsed_ += max.count() < 0 ? Milliseconds(1000) : max;
    return events;
  }
  MonoTime now() override { return MonoTime(std::chrono::hours(1)) + elapsed_; }
  /// 2026-01-01 00:00:00 UTC and what has passed since.
  WallTime wall_now() override {
    return WallTime(std::chrono::seconds(1767225600)) + std::chrono::duration_cast<WallTime::duration>(elapsed_);
  }

  /// Time passes between two turns; the loop sees it at its next turn.
  void advance(Duration by) { elapsed_ += by; }
  Duration elapsed() const { return elapsed_; }

 private:
  EpollPoller real_;
  Duration elapsed_{0};
};

}  // namespace proa::net
