// Notices event loops that do not come around: a worker that hangs keeps its connections waiting and tells nobody.
//
// Each loop stores when its turn began (net::Loop::busy_since) and nothing else; a thread of the watchdog's own compares.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/loop.h"
#include "observe/registry.h"
#include "proxy/watchdog_limits.h"

namespace proa::proxy {

/// Watches the threads of one kind. Counts WHOLE.watchdog_miss and server.THREAD.watchdog_miss, and the same for
/// watchdog_mega_miss; each once for a turn. Not thread-safe.
class Watchdog {
 public:
  /// Whose counters they are: Envoy has these two.
  enum class Kind : uint8_t { kMainThread, kWorkers };
  /// Called with the reason when a fatal limit is passed.
  using Kill = std::function<void(const std::string&)>;

  Watchdog(observe::Registry& registry, Kind kind, WatchdogLimits limits, Kill kill);
  /// `loop` outlives this. Workers are named "worker_N"; the main thread is one.
  void watch(const std::string& thread, const net::Loop& loop);
  void check(MonoTime now);
  const WatchdogLimits& limits() const { return limits_; }

 private:
  struct Watched {
    std::string thread;
    const net::Loop* loop;
    std::unique_ptr<observe::StatGroup> stats;
    MonoTime turn{};  // the one that the counts are of
    bool missed = false;
    bool megamissed = false;
  };
  void count(Watched& watched, Duration stuck);

  observe::Registry& registry_;
  Kind kind_;
  WatchdogLimits limits_;
  Kill kill_;
  observe::StatGroup whole_;
  std::vector<Watched> watched_;
};

/// Calls check() as often as the shortest limit asks, on a thread of its own, until it is destroyed.
class WatchdogThread {
 public:
  explicit WatchdogThread(std::vector<std::unique_ptr<Watchdog>> watchdogs);
  ~WatchdogThread();

 private:
  void run(Milliseconds interval);

  std::vector<std::unique_ptr<Watchdog>> watchdogs_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace proa::proxy
