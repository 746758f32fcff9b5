#include "observe/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "net/loop.h"

namespace proa::observe {

/// One thread's lines of one file, handed over when its loop ends the turn.
struct PendingLines final : net::EndOfTurn {
  std::weak_ptr<LogFile> file;
  LogFile* key = nullptr;
  std::string lines;

  void run() override {
    if (auto to = file.lock()) to->hand_over(std::move(lines));
    lines.clear();
  }
};

namespace {

constexpr size_t kEagerBytes = 64 * 1024;

thread_local std::vector<std::unique_ptr<PendingLines>> pending_of_thread;

Result<net::Fd> open_path(const std::string& path) {
  int fd;
  if (path == "/dev/stdout") {
    fd = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  } else if (path == "/dev/stderr") {
    fd = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
  } else {
    fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  }
  if (fd < 0) return fail(fmt::format("cannot open log file {}: {}", path, std::strerror(errno)));
  return net::Fd(fd);
}

}  // namespace

Result<std::shared_ptr<LogFile>> LogFile::open(std::string path, Milliseconds flush_interval) {
  Result<net::Fd> file = open_path(path);
  if (!file) return std::unexpected(file.error());
  return std::shared_ptr<LogFile>(new LogFile(std::move(path), std::move(*file), flush_interval));
}

LogFile::LogFile(std::string path, net::Fd file, Milliseconds flush_interval)
    : path_(std::move(path)), file_(std::move(file)), flush_interval_(flush_interval), writer_([this] { run(); }) {}

LogFile::~LogFile() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

void LogFile::write(std::string_view lines) {
  for (auto& pending : pending_of_thread) {
    if (pending->key == this && !pending->file.expired()) {
      pending->lines.append(lines);
      net::Loop::current().end_of_turn(*pending);
      return;
    }
  }
  std::erase_if(pending_of_thread, [](const auto& pending) { return pending->file.expired(); });
  auto pending = std::make_unique<PendingLines>();
  pending->file = weak_from_this();
  pending->key = this;
  pending->lines = lines;
  net::Loop::current().end_of_turn(*pending);
  pending_of_thread.push_back(std::move(pending));
}

void LogFile::hand_over(std::string lines) {
  bool eager;
  {
    std::lock_guard lock(mutex_);
    if (queue_.size() + lines.size() > kMaxQueued) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    handed_over_ += lines.size();
    queue_.append(lines);
    eager = queue_.size() >= kEagerBytes;
  }
  if (eager) changed_.notify_one();
}

void LogFile::reopen() {
  {
    std::lock_guard lock(mutex_);
    reopen_ = flush_now_ = true;
  }
  changed_.notify_one();
}

void LogFile::flush() {
  std::unique_lock lock(mutex_);
  flush_now_ = true;
  changed_.notify_one();
  written_.wait(lock, [&, target = handed_over_] { return written_out_ >= target; });
}

void LogFile::run() {
  std::string batch;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait_for(lock, flush_interval_, [&] { return stop_ || flush_now_ || queue_.size() >= kEagerBytes; });
    const bool stop = stop_;
    const bool reopen = std::exchange(reopen_, false);
    flush_now_ = false;
    batch.swap(queue_);
    lock.unlock();
    write_out(batch);
    if (reopen) {
      if (Result<net::Fd> file = open_path(path_)) file_ = std::move(*file);
    }
    lock.lock();
    written_out_ += batch.size();
    batch.clear();
    written_.notify_all();
    if (stop && queue_.empty()) return;
  }
}

void LogFile::write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::write(file_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      failed_writes_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace proa::observe
