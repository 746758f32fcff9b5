// The right to have one connection to a host, and its accounting.
#pragma once

#include <memory>

#include "base/clock.h"
#include "upstream/cluster.h"

namespace proa::upstream {

/// Move-only; what was taken is given back when it is destroyed, on the same worker thread.
class ConnectionTicket {
 public:
  /// Takes a place under max_connections of the cluster and the host and counts upstream_cx_total; empty when there
  /// is none. `force`: over the limit if need be.
  static ConnectionTicket take(std::shared_ptr<Cluster> cluster, HostRef host, RoutingPriority priority, bool force);
  ConnectionTicket() = default;
  ConnectionTicket(ConnectionTicket&&) noexcept = default;
  ConnectionTicket& operator=(ConnectionTicket&& other) noexcept;
  ~ConnectionTicket() { give_back(); }

  explicit operator bool() const { return static_cast<bool>(cluster_); }
  Cluster& cluster() const { return *cluster_; }
  Host* host() const { return host_.get(); }
  /// Counts how the connection ended.
  void count_end(bool local, bool with_requests, Duration length);
  void count_connect_failure(bool timeout);

 private:
  void give_back();
  std::shared_ptr<Cluster> cluster_;
  HostRef host_;
  RoutingPriority priority_ = RoutingPriority::kDefault;
};

}  // namespace proa::upstream
