// Upstream TCP connections for proxies that move bytes, not messages.
#pragma once

#include <memory>
#include <string_view>

#include "net/transport.h"
#include "upstream/connection_ticket.h"
#include "upstream/pool.h"

namespace proa::upstream {

class TcpAttempt;
class WorkerCluster;

/// A connected transport and its place in the accounting. The owner observes the transport; destroying this closes
/// it. Call closed_by_peer() first when the peer ended it.
class TcpConnection {
 public:
  TcpConnection(std::unique_ptr<net::Transport> transport, ConnectionTicket ticket);
  ~TcpConnection();
  net::Transport& transport() { return *transport_; }
  Host& host() { return *ticket_.host(); }
  Cluster& cluster() { return ticket_.cluster(); }
  void closed_by_peer() { by_peer_ = true; }
  void count_bytes(uint64_t received, uint64_t sent);

 private:
  std::unique_ptr<net::Transport> transport_;
  ConnectionTicket ticket_;
  MonoTime created_;
  bool by_peer_ = false;
};

/// Who waits for a TCP connection; cancelled when destroyed.
class TcpWaiter {
 public:
  /// The transport has no observer yet; bytes may already wait.
  virtual void on_connected(std::unique_ptr<TcpConnection> connection) = 0;
  virtual void on_failed(PoolFailure failure, std::string_view details) = 0;
  void cancel();

 protected:
  TcpWaiter() = default;
  ~TcpWaiter() { cancel(); }

 private:
  friend class TcpAttempt;
  TcpAttempt* attempt_ = nullptr;
};

}  // namespace proa::upstream
