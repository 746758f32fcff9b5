// What the tests of this folder, and of those above it, share: a loop with a fake clock.
#pragma once

#include <memory>

#include "net/fake_poller.h"
#include "net/loop.h"

namespace proa::net {

/// A loop on a FakePoller. Only in tests.
class TestLoop {
 public:
  TestLoop() : TestLoop(std::make_unique<FakePoller>()) {}
  operator Loop&() { return loop_; }
  Loop& operator*() { return loop_; }
  Loop* operator->() { return &loop_; }

  /// Turns until nothing more is ready, without letting time pass.
  void settle(int turns = 32) {
    for (int i = 0; i < turns; ++i) loop_.run_once(Milliseconds(0));
  }
  /// Turns until `by` has passed on the fake clock, so that every timer due until then has fired.
  void run_for(Milliseconds by) {
    Duration end = poller_->elapsed() + by;
    while (poller_->elapsed() < end) {
      loop_.run_once(std::chrono::ceil<Milliseconds>(end - poller_->elapsed()));
    }
    loop_.run_once(Milliseconds(0));
  }
  /// Turns without time passing until `done()`; false after many turns. For real sockets.
  template <class F>
  bool run_until(F done, int turns = 100000) {
    for (int i = 0; i < turns && !done(); ++i) loop_.run_once(Milliseconds(0));
    return done();
  }
  FakePoller& clock() { return *poller_; }

 private:
  explicit TestLoop(std::unique_ptr<FakePoller> poller) : poller_(poller.get()), loop_(std::move(poller)) {}
  FakePoller* poller_;
  Loop loop_;
};

}  // namespace proa::net
