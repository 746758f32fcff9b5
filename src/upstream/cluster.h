// One cluster: what all workers share. Discovery, health and outlier detection write it on the main thread,
// workers read snapshots and count in atomics.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "observe/stats.h"
#include "upstream/breakers.h"
#include "upstream/cluster_stats.h"
#include "upstream/lb/balancer.h"
#include "upstream/lb/host_set.h"
#include "upstream/spec.h"

namespace proa::net {
class Loop;
class Resolver;
}  // namespace proa::net

namespace proa::upstream {

class ConnectionFactory;
class Discovery;
class HealthChecker;
class NameResolver;
class OriginalDstHosts;
class OutlierDetector;

/// The first of transport_socket_matches that fits a host with this metadata (null: none); null: the cluster's own socket.
const TransportSocketMatch* matching_socket(const ClusterSpec& spec, const observe::Metadata* host);

/// Hosts and the balancer made for them; immutable, shared by all workers.
struct LbSnapshot {
  std::shared_ptr<const HostSet> hosts;
  std::shared_ptr<const Balancer> balancer;
};

/// What came of one request or connection attempt, for outlier detection and the host's counters.
enum class Outcome : uint8_t {
  kSuccess,        ///< a response that is no error, or a connection made (TCP)
  kServerError,    ///< 5xx other than gateway errors
  kGatewayError,   ///< 502, 503, 504
  kConnectFailed,  ///< local origin
  kTimeout,        ///< local origin
  kReset,          ///< local origin: reset or closed by the peer before the end
};
Outcome outcome_of_status(uint16_t status);

/// What a cluster needs from its surroundings; all of it outlives the cluster.
struct ClusterContext {
  observe::Registry* registry = nullptr;
  net::Loop* main_loop = nullptr;
  net::Resolver* resolver = nullptr;         ///< null: DNS clusters stay empty
  NameResolver* names = nullptr;             ///< instead of `resolver`, in tests
  ConnectionFactory* connections = nullptr;  ///< for health checks
  const Locality* local_locality = nullptr;  ///< this proxy's own; null: none
  /// Called on the main thread after each change of a cluster's hosts; Clusters tells the workers.
  std::function<void(class Cluster&)> hosts_changed;
};

/// Threads: "main" marks what only the main loop's thread may call; everything else is for any thread.
/// Lifetime: shared_ptr; workers keep it while they have connections of it. stop() ends what runs on the main loop.
class Cluster : public std::enable_shared_from_this<Cluster> {
 public:
  Cluster(ClusterSpec spec, ClusterContext context);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Configuration.
  const ClusterSpec& spec() const { return spec_; }
  const std::string& name() const { return spec_.name; }
  /// alt_stat_name or name: what statistics and %UPSTREAM_CLUSTER% show.
  const std::string& stat_name() const { return spec_.alt_stat_name.empty() ? spec_.name : spec_.alt_stat_name; }
  const LbSpec& lb() const { return *lb_; }
  const HttpSpec& http() const { return spec_.http ? *spec_.http : default_http(); }
  const BreakerSpec& breaker_spec() const { return spec_.breakers ? *spec_.breakers : default_breakers(); }
  /// The socket for `host`: the first transport_socket_match that fits, else the cluster's.
  const TransportSocketSpec& socket_for(const Host& host) const;

  // State shared by workers.
  observe::StatGroup& stats() { return stats_; }
  Breakers& breakers(RoutingPriority priority) {
    return priority == RoutingPriority::kHigh ? breakers_high_ : breakers_default_;
  }
  /// Takes from / gives back to the breakers and keeps their gauges. False: the limit is reached.
  bool take(RoutingPriority priority, Resource resource, bool force = false);
  void release(RoutingPriority priority, Resource resource);

  /// The newest hosts and their balancer, which is built at the first call after a change. Never null parts.
  std::shared_ptr<const LbSnapshot> snapshot();
  std::shared_ptr<const HostSet> hosts() const;
  /// Rises with every change of hosts: a cheap test whether a snapshot is old.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  /// A worker has used the cluster (health checks go from no_traffic_interval to interval).
  void note_traffic() {
    if (!has_traffic_.load(std::memory_order_relaxed)) [[unlikely]]
      first_traffic();
  }
  bool has_traffic() const { return has_traffic_.load(std::memory_order_relaxed); }

  /// Counts for the host and feeds outlier detection. Cheap; never takes a lock unless a host is to be ejected.
  void report(Host& host, Outcome outcome);
  /// x-envoy-immediate-health-check-fail was in a response of `host`.
  void fail_health_check(Host& host);
  /// ORIGINAL_DST: the host for `address`, made when there is none.
  HostRef original_destination_host(const net::Address& address);

  // main:
  /// Starts discovery and checks. `ready` is called once, on the main thread, maybe within start(), when the
  /// cluster may be used: after the first answer of discovery and the first round of health checks.
  void start(std::function<void()> ready);
  /// Ends timers and subscriptions; hosts stay. No callback afterwards.
  void stop();
  bool ready() const { return ready_; }
  /// Replaces all hosts by what `assignment` says: unchanged ones stay the same objects.
  void assign(const Assignment& assignment);
  /// Health, weights or priorities have changed: publishes a new HostSet of the same hosts at the end of the turn.
  void hosts_changed();
  const std::vector<HostSet::Member>& members() const { return members_; }
  const ClusterContext& context() const { return context_; }
  OutlierDetector* outlier_detector() { return outlier_.get(); }
  HealthChecker* health_checker() { return health_checker_.get(); }
  /// One request in so many is dropped on purpose (drop_overloads); 0: none.
  uint32_t drop_per_million() const { return drop_per_million_.load(std::memory_order_relaxed); }
  /// Hosts of this proxy's own cluster, for zone-aware balancing; kept by Clusters.
  void set_local_hosts(std::shared_ptr<const HostSet> hosts);
  /// Readies a new host: outlier counters, the start of slow start. Any thread, before the host is published.
  void prepare(Host& host) const;
  /// A host that discovery has removed failed its check: it goes now.
  void remove_pending(Host& host);
  /// Discovery has its first answer (or failed for the first time).
  void discovery_answered();
  /// Every host has been checked once.
  void first_checks_done();

 private:
  class PublishHook;
  void publish();
  void maybe_ready();
  void first_traffic();
  void keep_removed(std::vector<HostSet::Member>& old, std::vector<HostSet::Member>& members);
  void set_gauges(const HostSet& hosts);
  void show_breaker_limits(RoutingPriority priority);

  ClusterSpec spec_;
  ClusterContext context_;
  std::shared_ptr<const LbSpec> lb_;
  observe::StatGroup stats_;
  Breakers breakers_default_;
  Breakers breakers_high_;

  mutable std::mutex mutex_;  // guards the three below; held only to copy pointers or to build a balancer
  std::shared_ptr<const HostSet> hosts_;
  std::shared_ptr<const LbSnapshot> snapshot_;
  std::shared_ptr<const HostSet> local_hosts_;
  std::atomic<uint64_t> version_{0};
  std::atomic<bool> has_traffic_{false};
  std::atomic<uint32_t> drop_per_million_{0};

  // Main thread.
  std::vector<HostSet::Member> members_;
  HostSet::Options host_set_options_;
  std::function<void()> on_ready_;
  std::unique_ptr<PublishHook> publish_hook_;
  std::unique_ptr<Discovery> discovery_;
  std::unique_ptr<HealthChecker> health_checker_;
  std::unique_ptr<OutlierDetector> outlier_;        // made before workers see the cluster; report() uses it
  std::unique_ptr<OriginalDstHosts> original_dst_;  // likewise
  bool started_ = false;
  bool discovered_ = false;
  bool checked_ = false;
  bool ready_ = false;
};

}  // namespace proa::upstream
