// Worker threads: each one loop, nothing shared.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"

namespace proa::net {

/// A named thread that runs a loop from construction to stop(). All members are thread-safe except construction,
/// stop() and destruction, which belong to the owner's thread.
class Worker {
 public:
  /// `cpu` pins the thread; a cpu that the process may not use is ignored and logged.
  Worker(uint32_t index, std::string name, std::optional<int> cpu = std::nullopt);
  ~Worker() { stop(); }

  /// Lives until the worker is destroyed; use it through post().
  Loop& loop() { return *loop_; }
  void post(std::move_only_function<void()> f) { loop_->post(std::move(f)); }
  uint32_t index() const { return index_; }
  const std::string& name() const { return name_; }
  /// Ends the loop after its turn and joins the thread. What was posted before has run.
  void stop();
  /// How long the present turn of the loop has been running at `now`: what a watchdog compares with its limits.
  Duration stuck_for(MonoTime now) const;
  bool on_this_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  uint32_t index_;
  std::string name_;
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

/// All workers of the process. Owned and called by the main thread, except where a member says otherwise.
class Workers {
 public:
  explicit Workers(size_t count, bool pin = false);
  ~Workers() { stop(); }

  size_t size() const { return workers_.size(); }
  Worker& operator[](size_t i) { return *workers_[i]; }
  /// Runs f(worker) on every worker's thread, then `done` on the loop of the caller. `f` is shared by the threads: it
  /// must be safe to call at the same time.
  void for_each(std::function<void(Worker&)> f, std::move_only_function<void()> done = nullptr);
  /// Stops and joins all.
  void stop();

 private:
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace proa::net
