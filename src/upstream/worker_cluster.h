// One worker's view of a cluster: made at its first request there.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "upstream/cluster.h"
#include "upstream/http_pool.h"
#include "upstream/tcp_connector.h"

namespace proa::upstream {

/// On its worker's thread. Lives until the cluster is removed or replaced and everything under way has ended.
class WorkerCluster final : public net::Deferred, private net::EndOfTurn {
 public:
  WorkerCluster(std::shared_ptr<Cluster> cluster, net::Loop& loop, ConnectionFactory& factory);
  ~WorkerCluster() override;

  /// The host for a request; empty when there is none (counts upstream_cx_none_healthy).
  HostRef choose(LbContext& context);
  /// The pool for `host`, which choose() gave. Valid during this turn. Null when max_connection_pools are in use
  /// (counts upstream_cx_pool_overflow); one without requests makes room.
  HttpPool* http_pool(Host& host, const PoolKey& key);
  /// A connection for bytes. on_failed() may come within this call.
  void connect_tcp(Host& host, TcpWaiter& waiter, std::shared_ptr<const TransportOptions> options = nullptr,
                   RoutingPriority priority = RoutingPriority::kDefault);

  Cluster& cluster() { return *cluster_; }
  const std::shared_ptr<Cluster>& shared_cluster() { return cluster_; }
  const ClusterSpec& spec() const { return cluster_->spec(); }
  observe::StatGroup& stats() { return cluster_->stats(); }
  net::Loop& loop() { return loop_; }
  ConnectionFactory& factory() { return factory_; }
  std::shared_ptr<const HostSet> hosts() const { return snapshot_->hosts; }

  /// Takes the newest hosts; closes idle connections to those that are gone.
  void refresh();
  /// No request comes any more (removed or replaced): idle connections close, the others when they become idle.
  void drain();
  /// Nothing is under way here and nobody holds it: it may be destroyed.
  bool idle() const;
  /// Called when a draining cluster has become idle.
  void when_idle(std::function<void()> tell) { when_idle_ = std::move(tell); }

  /// Keeps a WorkerCluster while nothing of it is under way: a request between two attempts.
  class Hold {
   public:
    Hold() = default;
    explicit Hold(WorkerCluster& cluster) : cluster_(&cluster) { ++cluster.holds_; }
    Hold(Hold&& other) noexcept : cluster_(std::exchange(other.cluster_, nullptr)) {}
    Hold& operator=(Hold&& other) noexcept {
      std::swap(cluster_, other.cluster_);
      return *this;
    }
    ~Hold() {
      if (cluster_ && --cluster_->holds_ == 0) cluster_->pool_is_empty();
    }
    WorkerCluster* get() const { return cluster_; }

   private:
    WorkerCluster* cluster_ = nullptr;
  };

 private:
  friend class HttpPool;
  friend class TcpAttempt;
  /// Where a pool belongs, to find one without making it.
  struct PoolPlace {
    Host* host;
    const PoolKey& key;
    PoolPlace(Host* h, const PoolKey& k) : host(h), key(k) {}
    PoolPlace(const std::unique_ptr<HttpPool>& pool) : host(&pool->host()), key(pool->key()) {}  // NOLINT: implicit
  };
  struct PoolHash {
    using is_transparent = void;
    size_t operator()(const PoolPlace& place) const { return std::hash<Host*>{}(place.host) ^ place.key.hash(); }
  };
  struct PoolEqual {
    using is_transparent = void;
    bool operator()(const PoolPlace& a, const PoolPlace& b) const { return a.host == b.host && a.key == b.key; }
  };
  bool free_one_pool(RoutingPriority priority);
  Host* override_host(const LbContext& context) const;
  HostRef original_destination(const LbContext& context);
  void count_events(const LbContext& context);
  const OriginalDstSpec* spec_original_dst() const { return cluster_->spec().original_dst.get(); }
  void pool_is_empty();
  void run() override;  // drops pools that have become empty

  std::shared_ptr<Cluster> cluster_;
  net::Loop& loop_;
  ConnectionFactory& factory_;
  std::shared_ptr<const LbSnapshot> snapshot_;
  uint64_t version_ = 0;
  std::unordered_set<std::unique_ptr<HttpPool>, PoolHash, PoolEqual> pools_;
  std::vector<std::unique_ptr<HttpPool>> freed_;  ///< until the end of the turn: somebody may be inside
  std::unordered_map<net::Address, HostRef> original_hosts_;
  List<TcpAttempt, WorkerCluster> attempts_;
  std::function<void()> when_idle_;
  uint32_t holds_ = 0;
  bool draining_ = false;
};

}  // namespace proa::upstream
