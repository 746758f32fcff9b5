// All clusters: added, changed and removed on the main thread; found by name on every worker.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/loop.h"
#include "upstream/cluster.h"
#include "upstream/worker_cluster.h"

namespace proa::upstream {

/// Workers call attach_worker() once, at their start, then find(). The main thread does all the rest. Destroy it
/// after the workers' loops have ended (detach_worker() on each of their threads).
class Clusters {
 public:
  /// `context.hosts_changed` is set by this class.
  Clusters(ClusterContext context, ConnectionFactory& factory);
  ~Clusters();
  Clusters(const Clusters&) = delete;
  Clusters& operator=(const Clusters&) = delete;

  // Worker threads.
  void attach_worker(net::Loop& loop);
  void detach_worker();
  /// This worker's view of the cluster of that name, made when there is none yet; nullptr when no such cluster is
  /// ready. Valid during this turn, as long as a connection or waiter of it is there, and while a
  /// WorkerCluster::Hold is.
  WorkerCluster* find(std::string_view name);

  // Main thread.
  /// Adds or replaces. The cluster serves when it is ready (warm); until then the old one of that name goes on.
  /// An equal `config_hash` changes nothing. Returns false then.
  bool add(ClusterSpec spec);
  /// False when there is none. Requests under way finish.
  bool remove(std::string_view name);
  /// Calls `done` once when no cluster is warming, maybe at once.
  void when_all_ready(std::function<void()> done);
  /// Tells the workers now, not at the end of the turn, of what has changed: before they hear of what names it.
  void publish();
  size_t size() const { return all_.size(); }
  size_t warming() const { return warming_.size(); }
  /// The cluster in use, or the warming one, or null.
  std::shared_ptr<Cluster> get(std::string_view name) const;
  /// In use, sorted by name: for /clusters and /config_dump.
  std::vector<std::shared_ptr<Cluster>> list() const;
  std::vector<std::shared_ptr<Cluster>> list_warming() const;
  /// The cluster that this proxy is a member of, for zone-aware routing.
  void set_local_cluster(std::string name) { local_cluster_ = std::move(name); }

 private:
  struct Worker;
  struct StringHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <class T>
  using ByName = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;
  /// The names in use, in parts, so that a change copies one part and not all.
  struct Part {
    ByName<std::shared_ptr<Cluster>> clusters;
  };
  static constexpr size_t kParts = 256;
  using Directory = std::vector<std::shared_ptr<const Part>>;

  Worker* this_worker();
  void became_ready(const std::shared_ptr<Cluster>& cluster);
  void put(const std::string& name, std::shared_ptr<Cluster> cluster);  // null: remove
  void hosts_changed(Cluster& cluster);
  void tell_workers(std::function<void(Worker&)> what);

  ClusterContext context_;
  ConnectionFactory& factory_;
  std::unique_ptr<observe::StatGroup> stats_;
  std::string local_cluster_;

  // Main thread.
  ByName<std::shared_ptr<Cluster>> all_;
  ByName<std::shared_ptr<Cluster>> warming_;
  std::vector<std::function<void()>> waiting_for_ready_;
  struct Publication;
  std::unique_ptr<Publication> publication_;

  mutable std::mutex mutex_;  // guards the two below
  std::shared_ptr<const Directory> directory_;
  std::vector<std::shared_ptr<Worker>> workers_;
};

}  // namespace proa::upstream
