// The data plane as a whole: workers, clusters and listeners, started from one snapshot and moved to the next
// without dropping a request.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/dns.h"
#include "net/worker.h"
#include "observe/registry.h"
#include "proxy/listener_config.h"
#include "proxy/snapshot.h"
#include "proxy/worker_context.h"
#include "upstream/clusters.h"

namespace proa::proxy {

class WorkerListeners;

/// Listening sockets taken over from another process, by bound address; several for each with reuse_port.
using InheritedSockets = std::map<std::string, std::vector<net::Fd>>;

struct ServerOptions {
  uint32_t concurrency = 1;
  Milliseconds drain_time{600'000};  ///< how long connections may take to finish
};

struct DrainPlan {
  Milliseconds spread{0};  ///< over which the connections are told to end, lest all their clients come back at once
  Milliseconds limit{0};   ///< after which the rest is closed
  /// Less than all: the server goes on, also with new configurations.
  Traffic traffic = Traffic::kAll;
};

enum class ServerState : uint8_t { kPreInitializing, kInitializing, kLive, kDraining };

/// Owned and called by the main thread, whose loop must run.
class Server {
 public:
  Server(net::Loop& main_loop, observe::Registry& registry, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Opens the sockets, starts the workers and warms the clusters; then listens and calls `live`. An address that
  /// cannot be bound is an error and nothing is started.
  Status start(Snapshot snapshot, InheritedSockets inherited, std::function<void()> live);
  /// What a control plane has to say before the process is live: `clusters` runs when those of the start are warm and
  /// before anything listens, `listeners` when those of the start listen. Each calls what it is given, once. Before
  /// start().
  using Step = std::function<void(std::function<void()> go_on)>;
  void discover(Step clusters, Step listeners) {
    discover_clusters_ = std::move(clusters);
    discover_listeners_ = std::move(listeners);
  }
  /// Moves to `snapshot`: clusters warm first, then listeners change in place. On an error the old configuration
  /// goes on and nothing has changed. `done` is called once. What a control plane has added stays.
  void apply(Snapshot snapshot, std::function<void(Status)> done);
  /// Adds a listener, or moves the one of that name to `config`: at once, or when what it awaits has arrived; until then
  /// the old one goes on. An address that cannot be bound is an error and nothing has changed.
  Status put_listener(std::shared_ptr<const ListenerConfig> config);
  /// False when there is none. Its connections drain.
  bool remove_listener(const std::string& name);
  /// Stops accepting and drains; `done` when no connection is left or the plan's limit has passed, after which the
  /// caller is to end this. Again: the newer plan replaces the older one.
  void drain(DrainPlan plan, std::function<void()> done);
  /// At once, for at most drain_time.
  void drain(std::function<void()> done) { drain({.limit = options_.drain_time}, std::move(done)); }
  /// For POST /drain_listeners: stops accepting, connections go on.
  void stop_accepting(Traffic traffic = Traffic::kAll);
  /// /healthcheck/fail: the health check filter answers 503 from now on. Read by workers.
  void fail_health_checks(bool fail);
  const std::atomic<bool>& health_checks_fail() const { return health_failed_; }

  /// Replaces the runtime until the next configuration.
  void publish_runtime(std::shared_ptr<const route::Runtime> runtime);

  ServerState state() const { return state_; }
  upstream::Clusters& clusters() { return *clusters_; }
  net::Workers& workers() { return *workers_; }
  net::Loop& main_loop() { return main_loop_; }
  observe::Registry& registry() { return registry_; }
  const Snapshot& snapshot() const { return snapshot_; }
  bool is_cluster_of_start(const std::string& name) const { return first_clusters_.contains(name); }
  bool is_listener_of_start(const std::string& name) const;
  /// Those of the snapshot in its order, then those of a control plane by name; without what has yet to warm.
  std::vector<std::shared_ptr<const ListenerConfig>> listeners() const;
  /// Null: no listener of that name waits for something.
  std::shared_ptr<const ListenerConfig> warming_listener(const std::string& name) const;
  const ServerOptions& options() const { return options_; }
  /// The bound addresses of a listener, with the ports that the kernel chose.
  std::vector<net::Address> bound_addresses(const std::string& listener) const;
  /// Copies of all listening sockets, to hand over; by address. Sockets that several workers share are there once.
  InheritedSockets duplicate_sockets() const;

 private:
  struct BoundSocket {
    size_t address;  // index in Bound::addresses
    bool copy;       // of a socket that another worker has too
    net::Fd fd;
  };
  struct Bound {
    std::vector<net::Address> addresses;
    std::vector<std::vector<BoundSocket>> sockets;  // for each worker: our own copies
  };
  Result<Bound> bind(const ListenerConfig& config, InheritedSockets& inherited);
  Status bind_address(const ListenerConfig& config, size_t a, InheritedSockets& inherited, Bound& bound);
  static void start_listening(const ListenerConfig& config, const Bound& bound);
  std::vector<net::Fd> copies(const Bound& bound, size_t worker) const;
  void add_listener(const std::shared_ptr<const ListenerConfig>& config, const Bound& bound);
  /// What `config` needs beside the sockets that the listener of that name has; empty when those will do.
  Result<std::optional<Bound>> bind_new(const ListenerConfig& config);
  void put_when_arrived(const std::shared_ptr<const ListenerConfig>& config, std::optional<Bound> bound);
  void put(const std::shared_ptr<const ListenerConfig>& config, std::optional<Bound> bound);
  void go_live(const std::function<void()>& live);
  void finish_apply(Snapshot snapshot, std::map<std::string, std::optional<Bound>> bound,
                    std::set<std::string> clusters, std::function<void(Status)> done);
  void drain_turn();
  void end_drain();

  net::Loop& main_loop_;
  observe::Registry& registry_;
  ServerOptions options_;
  SharedContext shared_;
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<upstream::Clusters> clusters_;
  std::unique_ptr<net::Workers> workers_;
  std::vector<std::unique_ptr<WorkerContext>> contexts_;
  std::vector<std::unique_ptr<WorkerListeners>> listeners_;
  std::map<std::string, Bound> bound_;
  std::map<std::string, std::shared_ptr<const ListenerConfig>> in_force_, warming_;
  InheritedSockets inherited_;            // what no listener has claimed yet; until the process is live
  std::set<std::string> first_clusters_;  // of the snapshot: a control plane's are not in it
  Step discover_clusters_, discover_listeners_;
  Snapshot snapshot_;
  ServerState state_ = ServerState::kPreInitializing;
  std::atomic<bool> health_failed_{false};
  std::function<void()> drained_;
  MonoTime all_told_{};  // when a slow drain has told every connection
  Milliseconds drain_interval_{0};
  Traffic drain_traffic_ = Traffic::kAll;
  net::Timer drain_timer_;
  net::Timer drain_poll_;
};

}  // namespace proa::proxy
