#include "mesh/store/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/log.h"
#include "net/private_file.h"

namespace proa::mesh {

namespace {

constexpr std::size_t kMaxCommit = std::size_t{256} << 20;

std::unexpected<Error> failed(const std::string& path) {
  return fail(fmt::format("{}: {}", path, std::strerror(errno)));
}

Status private_only(const std::string& path, const char* mode) {
  if (!net::others_may_read(path)) return {};
  return fail(fmt::format("{}: others may read it; chmod {} {}", path, mode, path));
}

/// Whether `path` is still the file that is open.
bool is_open_as(const std::string& path, const net::Fd& fd) {
  struct stat named, open;
  return ::stat(path.c_str(), &named) == 0 && ::fstat(fd.get(), &open) == 0 && named.st_ino == open.st_ino;
}

/// A log that says the same, as short as it can be: keys that came by one commit are one record.
std::string snapshot_of(const Store::Entries& entries, std::uint64_t revision) {
  std::map<std::uint64_t, std::vector<StoreChange>> commits;
  for (const auto& [key, entry] : entries) commits[entry.revision].push_back({key, entry.value});
  std::string records;
  for (const auto& [of, changes] : commits) append_log_record(records, kLogHeader + records.size(), of, changes);
  return log_header(revision, records.size()) + records;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(Options options) {
  while (options.directory.size() > 1 && options.directory.ends_with('/')) options.directory.pop_back();
  std::unique_ptr<Store> store(new Store(std::move(options)));
  const std::string& directory = store->options_.directory;
  if (Status made = net::make_private_folder(directory); !made) return std::unexpected(made.error());
  if (Status safe = private_only(directory, "700"); !safe) return std::unexpected(safe.error());
  if (Status locked = store->lock(); !locked) return std::unexpected(locked.error());
  if (Status loaded = store->load(); !loaded) return std::unexpected(loaded.error());
  return store;
}

Status Store::lock() {
  const std::string path = options_.directory + "/lock";
  lock_ = net::Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_) return failed(path);
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) {
    const std::string process = fmt::format("{}\n", ::getpid());
    // Only for the message below: a disk that is full must not keep the control plane down.
    const bool named =
        ::ftruncate(lock_.get(), 0) == 0 && ::pwrite(lock_.get(), process.data(), process.size(), 0) >= 0;
    if (!named) log::get("store").warn("{}: {}", path, std::strerror(errno));
    return {};
  }
  if (errno != EWOULDBLOCK) return failed(path);
  const auto holder = net::read_file(path);
  std::string process = holder && *holder ? **holder : std::string();
  process.erase(process.find_last_not_of('\n') + 1);
  return fail(fmt::format("{} is in use by process {}: two control planes cannot share a store", options_.directory,
                          process.empty() ? "?" : process));
}

Status Store::load() {
  const std::string path = log_path();
  Result<std::optional<std::string>> bytes = net::read_file(path);
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return compact();
  if (Status safe = private_only(path, "600"); !safe) return safe;
  const auto end = read_log(**bytes, [&](std::uint64_t revision, std::string_view key, auto value) {
    if (value) {
      entries_.insert_or_assign(std::string(key), Entry{std::string(*value), revision});
    } else if (const auto found = entries_.find(key); found != entries_.end()) {
      entries_.erase(found);
    }
  });
  if (!end) {
    return fail(fmt::format("{}: at byte {}: {}; nothing of it is used. Put a copy of {} in its place", path,
                            end.error().offset, end.error().what, path));
  }
  revision_ = end->revision;
  size_ = end->size;
  dropped_ = (*bytes)->size() - end->size;
  if (Status opened = open_log(); !opened) return opened;
  if (dropped_ == 0) return {};
  if (::ftruncate(log_.get(), static_cast<off_t>(size_)) != 0 || ::fsync(log_.get()) != 0) return failed(path);
  log::get("store").warn("{}: the last {} bytes are a change that was never finished nor acknowledged: dropped", path,
                         dropped_);
  return {};
}

Status Store::open_log() {
  log_ = net::Fd(::open(log_path().c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  return log_ ? Status{} : failed(log_path());
}

Status Store::append(const std::string& record) {
  for (std::size_t written = 0; written < record.size();) {
    const ssize_t wrote =
        ::pwrite(log_.get(), record.data() + written, record.size() - written, static_cast<off_t>(size_ + written));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      const std::string why = wrote < 0 ? std::strerror(errno) : "nothing was written";
      if (written > 0 && ::ftruncate(log_.get(), static_cast<off_t>(size_)) != 0) {
        broken_ = fmt::format("{}: half a change cannot be taken back: {}; restart", log_path(), std::strerror(errno));
      }
      return fail(fmt::format("{}: {}; nothing has changed", log_path(), why));
    }
    written += static_cast<std::size_t>(wrote);
  }
  if (::fdatasync(log_.get()) == 0) return {};
  // The kernel may have forgotten what it could not write, so trying again proves nothing.
  broken_ = fmt::format("{}: cannot be brought to the disk: {}; restart once the disk is well", log_path(),
                        std::strerror(errno));
  return fail(broken_);
}

Result<std::uint64_t> Store::commit(std::vector<StoreChange> changes) {
  if (!broken_.empty()) return fail(broken_);
  if (changes.empty()) return revision_;
  if (log_record_size(changes) > kMaxCommit) {
    return fail(fmt::format("the change has more than {} MiB; divide it", kMaxCommit >> 20));
  }
  std::string record;
  append_log_record(record, size_, revision_ + 1, changes);
  if (Status appended = append(record); !appended) return std::unexpected(appended.error());
  size_ += record.size();
  ++revision_;
  for (StoreChange& change : changes) {
    if (change.value) {
      entries_.insert_or_assign(std::move(change.key), Entry{std::move(*change.value), revision_});
    } else {
      entries_.erase(change.key);
    }
  }
  if (size_ > compact_at_) {
    // What was committed is safe in the old log.
    if (Status done = compact(); !done) log::get("store").warn("not made shorter: {}", done.error().message);
    compact_at_ = std::max(options_.compact_above, 2 * size_);
  }
  return revision_;
}

Status Store::compact() {
  const std::string text = snapshot_of(entries_, revision_);
  if (log_ && size_ < 4 * text.size()) return {};
  if (Status written = net::write_file(log_path(), text, 0600); !written) {
    if (log_ && !is_open_as(log_path(), log_)) broken_ = written.error().message + "; restart";
    return written;
  }
  const std::size_t before = std::exchange(size_, text.size());
  if (Status opened = open_log(); !opened) {
    broken_ = opened.error().message + "; restart";
    return opened;
  }
  if (before > 0) log::get("store").debug("{}: {} bytes instead of {}", log_path(), size_, before);
  return {};
}

}  // namespace proa::mesh
