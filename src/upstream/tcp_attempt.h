// One try to connect for a TcpWaiter.
#pragma once

#include <memory>
#include <string>

#include "base/list.h"
#include "net/timer.h"
#include "upstream/tcp_connector.h"
#include "upstream/worker_cluster.h"

namespace proa::upstream {

/// Deletes itself at the end of the turn in which it has told its waiter, or was cancelled.
class TcpAttempt final : public net::TransportObserver, public net::Deferred, private ListLink<WorkerCluster> {
 public:
  /// Fails within this call when a breaker is open.
  static void start(WorkerCluster& cluster, Host& host, TcpWaiter& waiter,
                    std::shared_ptr<const TransportOptions> options, RoutingPriority priority);
  ~TcpAttempt() override;

 private:
  friend class TcpWaiter;
  friend class WorkerCluster;
  friend class List<TcpAttempt, WorkerCluster>;
  TcpAttempt(WorkerCluster& cluster, TcpWaiter& waiter, ConnectionTicket ticket,
             std::shared_ptr<const TransportOptions> options);
  void connect();
  void on_connected() override;
  void on_connect_failed(std::string reason) override;
  void on_readable() override {}  // the waiter's observer reads when it is there
  void on_writable() override {}
  void on_timeout();
  void fail(PoolFailure failure, std::string_view details);
  void end();

  WorkerCluster& cluster_;
  TcpWaiter* waiter_;
  ConnectionTicket ticket_;
  std::shared_ptr<const TransportOptions> options_;
  std::unique_ptr<net::Transport> transport_;
  net::Timer timer_;
  MonoTime started_;
  size_t next_address_ = 0;
  std::string error_;
};

}  // namespace proa::upstream
