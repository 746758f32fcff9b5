#include "upstream/connection_ticket.h"

namespace proa::upstream {

ConnectionTicket ConnectionTicket::take(std::shared_ptr<Cluster> cluster, HostRef host, RoutingPriority priority,
                                        bool force) {
  ConnectionTicket ticket;
  uint32_t here = host->hot.active_connections.fetch_add(1, std::memory_order_relaxed);
  bool host_is_full = here >= cluster->breaker_spec().max_connections_per_host;
  if ((host_is_full && !force) || !cluster->take(priority, Resource::kConnections, force)) {
    host->hot.active_connections.fetch_sub(1, std::memory_order_relaxed);
    cluster->stats().add(ClusterStat::kCxOverflow);
    return ticket;
  }
  host->hot.cx_total.fetch_add(1, std::memory_order_relaxed);
  cluster->stats().add(ClusterStat::kCxTotal);
  cluster->stats().add(ClusterStat::kCxActive);
  ticket.cluster_ = std::move(cluster);
  ticket.host_ = std::move(host);
  ticket.priority_ = priority;
  return ticket;
}

ConnectionTicket& ConnectionTicket::operator=(ConnectionTicket&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  cluster_ = std::move(other.cluster_);
  host_ = std::move(other.host_);
  priority_ = other.priority_;
  return *this;
}

void ConnectionTicket::give_back() {
  if (!cluster_) return;
  host_->hot.active_connections.fetch_sub(1, std::memory_order_relaxed);
  cluster_->stats().sub(ClusterStat::kCxActive);
  cluster_->release(priority_, Resource::kConnections);
  cluster_.reset();
  host_ = {};
}

void ConnectionTicket::count_end(bool local, bool with_requests, Duration length) {
  observe::StatGroup& stats = cluster_->stats();
  stats.add(ClusterStat::kCxDestroy);
  stats.add(local ? ClusterStat::kCxDestroyLocal : ClusterStat::kCxDestroyRemote);
  if (with_requests) {
    stats.add(ClusterStat::kCxDestroyWithActiveRq);
    stats.add(local ? ClusterStat::kCxDestroyLocalWithActiveRq : ClusterStat::kCxDestroyRemoteWithActiveRq);
  }
  auto ms = std::chrono::duration_cast<Milliseconds>(length).count();
  stats.record(ClusterStat::kCxLengthMs, static_cast<uint64_t>(ms));
}

void ConnectionTicket::count_connect_failure(bool timeout) {
  host_->hot.cx_connect_fail.fetch_add(1, std::memory_order_relaxed);
  cluster_->stats().add(ClusterStat::kCxConnectFail);
  if (timeout) cluster_->stats().add(ClusterStat::kCxConnectTimeout);
}

}  // namespace proa::upstream
