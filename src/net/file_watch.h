// Tells when a file has been replaced: configuration, certificates, mounted Kubernetes secrets.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/fd.h"
#include "net/loop.h"

namespace proa::net {

/// inotify on one loop. Directories are watched, not files: a file that is replaced by a rename is another file, and a
/// mounted secret changes by swapping the link "..data" beside it. Not thread-safe. A directory that is removed is
/// watched no more, even when it is made again.
class FileWatcher final : private EventSource {
 private:
  struct Entry;

 public:
  /// One registration: destroy it to end it, also from its own callback. It may outlive the watcher.
  using Watch = std::shared_ptr<Entry>;
  using Callback = std::move_only_function<void()>;

  static Result<std::unique_ptr<FileWatcher>> make(Loop& loop);
  ~FileWatcher();

  /// Calls `changed`, once for all that happened before a turn, when `path` has been moved into place, has been written
  /// and closed, is a new link, or when "..data" in its directory has been swapped. Fails when the directory does not
  /// exist; the file need not.
  [[nodiscard]] Result<Watch> watch_file(const std::string& path, Callback changed);
  /// The same for any entry of the directory (Envoy's watched_directory).
  [[nodiscard]] Result<Watch> watch_directory(const std::string& path, Callback changed);

 private:
  struct Entry {
    std::string name;  // empty: every entry
    Callback changed;
    bool due = false;
  };
  struct Directory {
    std::string path;
    std::vector<std::weak_ptr<Entry>> entries;
  };

  FileWatcher(Loop& loop, Fd fd) : loop_(loop), fd_(std::move(fd)) {}
  Result<Watch> add(const std::string& directory, std::string name, Callback changed);
  void on_events(uint32_t events) override;
  void mark(Directory& directory, std::string_view name, bool created, std::vector<Watch>& due);
  void remove_ended();

  Loop& loop_;
  Fd fd_;
  WatchId id_;
  std::map<int, Directory> directories_;  // by inotify's number
};

}  // namespace proa::net
