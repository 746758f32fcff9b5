// Certificates that are files are read again when the files change.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/file_watch.h"
#include "net/timer.h"
#include "net/tls/slot.h"
#include "observe/stats.h"

namespace google::protobuf {
class Message;
}

namespace proa::config {

enum class TlsReloadStat : uint8_t { kReloaded, kFailed };
extern const observe::StatSchema kTlsReloadSchema;

/// What to watch for one context.
struct TlsFiles {
  std::set<std::string> files;
  std::set<std::string> directories;  ///< watched_directory: any change in it counts
  bool empty() const { return files.empty() && directories.empty(); }
};

/// Of every DataSource with a filename, and every watched_directory, anywhere inside of `context`.
TlsFiles tls_files(const google::protobuf::Message& context);

/// Main thread. Holds slots weakly: a context is looked after for as long as a configuration, or a connection that
/// began under it, uses its slot.
///
/// A certificate and its key are two files, and whoever renews them writes one after the other. So a change is acted
/// upon kSettle later; a pair that does not match yet is a failure that keeps the old context, and the second file
/// mends it.
class TlsReload {
 public:
  /// Reads the files and makes a context from them; its error says which and why.
  template <class Context>
  using Remake = std::function<Result<std::shared_ptr<const Context>>()>;

  static constexpr Milliseconds kSettle{50};

  TlsReload(net::Loop& loop, std::shared_ptr<observe::StatGroup> stats);
  TlsReload(const TlsReload&) = delete;
  TlsReload& operator=(const TlsReload&) = delete;

  /// `where` names the context in the log: the path of its configuration.
  template <class Context>
  void watch(const std::shared_ptr<net::tls::Slot<Context>>& slot, std::string where, const TlsFiles& files,
             Remake<Context> remake) {
    std::weak_ptr<net::tls::Slot<Context>> weak = slot;
    auto entry = std::make_shared<Entry>();
    entry->where = std::move(where);
    entry->wanted = [weak] { return !weak.expired(); };
    entry->reload = [weak, remake = std::move(remake)]() -> Status {
      auto made = remake();
      if (!made) return std::unexpected(made.error());
      if (auto alive = weak.lock()) alive->replace(std::move(*made));
      return {};
    };
    watch_entry(std::move(entry), files);
  }
  /// How many contexts are looked after; for tests.
  size_t size();

 private:
  struct Entry {
    std::string where;
    std::function<bool()> wanted;
    std::function<Status()> reload;
    std::vector<net::FileWatcher::Watch> watches;
    std::set<std::string> changed;  // since the last reload
  };
  void watch_entry(std::shared_ptr<Entry> entry, const TlsFiles& files);
  void add_watch(const std::shared_ptr<Entry>& entry, const std::string& path, bool directory);
  void forget_unwanted();
  void on_settled();

  net::Loop& loop_;
  std::shared_ptr<observe::StatGroup> stats_;
  std::unique_ptr<net::FileWatcher> watcher_;  // made for the first file
  std::vector<std::shared_ptr<Entry>> entries_;
  net::Timer settle_;
};

}  // namespace proa::config
