// The event loop: one per worker thread.
//
// A turn: wait -> posted functions -> ready descriptors -> timers -> end-of-turn hooks (write flush) -> deferred
// deletes. What belongs to a loop is touched on its thread only; other threads reach it through post().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/list.h"
#include "base/result.h"
#include "net/fd.h"
#include "net/poller.h"
#include "net/timer.h"

namespace proa::net {

/// Receives the readiness of one descriptor, see Loop::watch. on_events may unwatch or destroy any source.
class EventSource {
 public:
  virtual void on_events(uint32_t events) = 0;

 protected:
  ~EventSource() = default;
};

/// Something that wants to run once before the loop waits again, typically a connection with bytes to write.
/// Unlinks itself when destroyed.
class EndOfTurn : private ListLink<EndOfTurn> {
 public:
  virtual void run() = 0;

 protected:
  ~EndOfTurn() = default;

 private:
  friend class Loop;
  friend class List<EndOfTurn, EndOfTurn>;
};

/// Base of objects that may be asked to die inside one of their own callbacks: see Loop::defer_delete.
class Deferred {
 public:
  virtual ~Deferred() = default;
};

/// Names one watched descriptor: slot and generation, so that a stale one never means another descriptor.
struct WatchId {
  uint32_t slot = 0;
  uint32_t generation = 0;  // 0: watches nothing
  explicit operator bool() const { return generation != 0; }
};

/// Only post(), stop() and busy_since() are thread-safe. Timers, sources and hooks may outlive the loop or not.
class Loop {
 public:
  /// On epoll.
  Loop();
  explicit Loop(std::unique_ptr<Poller> poller);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// The time at which this turn's wait ended.
  MonoTime now() const { return now_; }
  WallTime wall_now() const;

  /// Runs `f` on the loop's thread, in the order of posting. Functions that are never run because the loop does not
  /// run again are destroyed with it.
  void post(std::move_only_function<void()> f);
  /// Calls hook.run() once before the next wait; idempotent until then. A hook that asks again inside run() gets
  /// another call, in this turn or the next.
  void end_of_turn(EndOfTurn& hook);
  /// Destroys `object` after the end-of-turn hooks.
  void defer_delete(std::unique_ptr<Deferred> object);

  /// Turns until stop().
  void run();
  /// Makes run() return after its turn. Called before run(), it makes that one return at once.
  void stop();
  /// One turn; waits at most `max_wait` (kNever: no limit), less when a timer is due.
  void run_once(Milliseconds max_wait);

  /// Reports `events` (epoll's flags) of `fd` to `source` until unwatched. Fails when the kernel refuses.
  Result<WatchId> watch(int fd, uint32_t events, EventSource& source);
  /// Changes the flags. `id` must be live.
  Status rewatch(int fd, WatchId id, uint32_t events);
  /// No event reaches the source any more, not even one of this turn. Does nothing for an id that is not live.
  void unwatch(int fd, WatchId id);
  /// As unwatch, without the system call: only for a descriptor that was never duplicated and is closed next.
  void forget(WatchId id);

  TimerWheel& timers() { return timers_; }
  /// When the turn that is running began, or a zero time point while waiting. Thread-safe: for watchdogs.
  MonoTime busy_since() const { return MonoTime(Duration(busy_since_.load(std::memory_order_relaxed))); }

  /// The loop whose turn runs on this thread, else the one made last on it. There must be one.
  static Loop& current();

 private:
  struct Slot {
    EventSource* source = nullptr;
    uint32_t generation = 1;
    uint32_t next_free = 0;
  };
  Milliseconds wait_limit(Milliseconds max_wait);
  void run_posted();
  void dispatch(const epoll_event& event);
  void run_hooks();
  void delete_deferred();
  bool live(WatchId id) const;

  static constexpr uint64_t kMailbox = 0;  // no watch has generation 0

  std::unique_ptr<Poller> poller_;
  MonoTime now_;
  mutable WallTime wall_now_;
  mutable bool wall_known_ = false;
  TimerWheel timers_;
  List<EndOfTurn, EndOfTurn> hooks_;
  std::vector<std::unique_ptr<Deferred>> deferred_;
  std::vector<Slot> slots_;
  uint32_t first_free_ = 0;  // index + 1
  Loop* previous_current_;
  std::atomic<int64_t> busy_since_{0};
  std::atomic<bool> stopping_{false};

  Fd mailbox_;
  std::mutex mutex_;
  std::vector<std::move_only_function<void()>> posted_;   // guarded by mutex_
  std::vector<std::move_only_function<void()>> running_;  // keeps its capacity between turns
};

}  // namespace proa::net
