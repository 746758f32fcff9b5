// A file of log lines that never blocks a worker: lines gather on the worker, are handed over once per turn of
// its loop, and a writer thread writes them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/fd.h"

namespace proa::observe {

/// Thread-safe, except that write() needs a net::Loop on the calling thread. Shared by all logs that name the
/// same path. Destroying it writes what is queued.
class LogFile : public std::enable_shared_from_this<LogFile> {
 public:
  /// "/dev/stdout" and "/dev/stderr" are the process's own; other paths are opened for appending, mode 0644.
  static Result<std::shared_ptr<LogFile>> open(std::string path, Milliseconds flush_interval = Milliseconds(1000));
  ~LogFile();

  /// Queues bytes (whole lines). Past kMaxQueued they are dropped and counted: a full disk stops no request.
  void write(std::string_view lines);
  /// Opens the path again at the next flush, after the file was rotated away.
  void reopen();
  /// Blocks until what was queued so far has been given to the kernel; for tests and a clean exit.
  void flush();

  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  uint64_t failed_writes() const { return failed_writes_.load(std::memory_order_relaxed); }
  const std::string& path() const { return path_; }

  static constexpr size_t kMaxQueued = 16 * 1024 * 1024;

 private:
  friend struct PendingLines;
  LogFile(std::string path, net::Fd file, Milliseconds flush_interval);
  void hand_over(std::string lines);
  void run();
  void write_out(std::string_view bytes);

  const std::string path_;
  net::Fd file_;  // writer thread only, after construction
  const Milliseconds flush_interval_;
  std::atomic<uint64_t> dropped_{0};
  std::atomic<uint64_t> failed_writes_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable written_;
  std::string queue_;         // guarded by mutex_
  uint64_t handed_over_ = 0;  // bytes ever queued
  uint64_t written_out_ = 0;  // bytes ever taken from the queue and written
  bool reopen_ = false;
  bool flush_now_ = false;
  bool stop_ = false;
  std::thread writer_;
};

}  // namespace proa::observe
