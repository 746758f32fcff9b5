// The store: keys and values that outlive the process and the machine's power. A folder with a log of commits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "mesh/store/log_format.h"
#include "net/fd.h"

namespace proa::mesh {

/// One process at a time has the folder, and one thread the object. Everything is in memory too.
class Store {
 public:
  struct Entry {
    std::string value{};
    std::uint64_t revision = 0;  ///< of the commit that put it
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  struct Options {
    std::string directory;  ///< of mode 0700, made where it is not there
    /// The log is written anew when it has more bytes than this, and four times as many as what it says.
    std::size_t compact_above = 1u << 20;
  };

  /// Fails where another process has the folder, others may read it, or the log is damaged: then nothing is touched.
  static Result<std::unique_ptr<Store>> open(Options options);

  const Entries& entries() const { return entries_; }
  /// Of the last commit; 0: there was none yet. Grows by one with each, also over restarts.
  std::uint64_t revision() const { return revision_; }
  const std::string& directory() const { return options_.directory; }
  /// Bytes at the end of the log that open() dropped: a commit that was under way when the machine stopped.
  std::size_t dropped() const { return dropped_; }

  /// All changes or none, each key once. They are on the disk when it returns, with their revision. After a failure
  /// entries() are as they were.
  Result<std::uint64_t> commit(std::vector<StoreChange> changes);

 private:
  explicit Store(Options options) : options_(std::move(options)), compact_at_(options_.compact_above) {}
  Status lock();
  Status load();
  Status open_log();
  Status append(const std::string& record);
  Status compact();
  std::string log_path() const { return options_.directory + "/objects.log"; }

  const Options options_;
  net::Fd lock_;
  net::Fd log_;
  std::size_t size_ = 0;  ///< of the log
  std::size_t dropped_ = 0;
  std::size_t compact_at_;  ///< size from which on compaction is worth a look
  std::uint64_t revision_ = 0;
  Entries entries_;
  std::string broken_;  ///< why nothing can be written any more
};

}  // namespace proa::mesh
