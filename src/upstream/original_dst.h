// Hosts of ORIGINAL_DST clusters: made when a connection was going there, forgotten when nothing goes there.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "net/loop.h"
#include "upstream/lb/host_set.h"

namespace proa::upstream {

class Cluster;

/// A host goes after a whole interval without a request, a connection, or a worker that asked for it. A worker that
/// still remembers it may go on using it.
class OriginalDstHosts {
 public:
  explicit OriginalDstHosts(Cluster& cluster);

  /// Any thread; takes a lock, so workers keep what they got.
  HostRef find_or_make(const net::Address& address);
  /// Main thread: starts the periodic cleanup.
  void start();
  /// Ends the cleanup. The timer dies here: the last reference to the cluster may go on a worker's thread.
  void stop() { timer_.reset(); }
  std::vector<HostSet::Member> members() const;

 private:
  struct Entry {
    HostRef host;
    uint64_t uses = 0;   // requests and connections at the last cleanup
    bool asked = false;  // by a worker since then
  };
  void clean_up();

  Cluster& cluster_;
  std::unique_ptr<net::Timer> timer_;
  mutable std::mutex mutex_;
  std::unordered_map<net::Address, Entry> hosts_;  // guarded by mutex_
};

}  // namespace proa::upstream
