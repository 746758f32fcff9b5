// All statistics of the process: who counts, and what the threads' cells add up to.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "observe/histogram.h"
#include "observe/stats.h"

namespace proa::observe {

class ThreadCells;

/// Thread-safe. Must outlive every StatGroup and every thread that counted into one.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Calls `visit` for each group, in order of prefix and name. No group is destroyed meanwhile.
  void for_each(const std::function<void(const StatGroup&)>& visit) const;
  int64_t sum(const StatGroup& group, size_t index) const;
  HistogramSnapshot histogram(const StatGroup& group, size_t index) const;
  /// Non-zero counts per status code under the group's status prefix `which`.
  std::map<unsigned, uint64_t> statuses(const StatGroup& group, size_t which) const;
  /// True when any thread has written to the group.
  bool used(const StatGroup& group) const;
  /// True when any thread has written to that counter or gauge, whatever its value is now.
  bool used(const StatGroup& group, size_t index) const;
  /// Zeroes counters and histograms, not gauges. Increments under way may be lost.
  void reset_counters();

 private:
  friend class StatGroup;
  uint32_t add(StatGroup& group);
  void remove(StatGroup& group);
  ThreadCells& cells_of_this_thread();
  template <class Visit>
  void for_each_thread(Visit visit) const {
    size_t count = thread_count_.load(std::memory_order_acquire);
    for (size_t i = 0; i < count; ++i) visit(*threads_[i].load(std::memory_order_relaxed));
  }

  mutable std::mutex mutex_;
  std::vector<StatGroup*> groups_;  // by id; null where free
  std::vector<uint32_t> free_ids_;
  // Grows only; a thread's cells outlive it, so that what it counted stays counted.
  static constexpr size_t kMaxThreads = 1024;
  std::unique_ptr<std::atomic<ThreadCells*>[]> threads_ = std::make_unique<std::atomic<ThreadCells*>[]>(kMaxThreads);
  std::atomic<size_t> thread_count_{0};
  const uint64_t serial_;  // tells registries apart in thread-local caches, also after one was destroyed
};

}  // namespace proa::observe
