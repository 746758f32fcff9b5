// The connections of one worker to one host for one key, and the requests that wait for them.
#pragma once

#include <memory>
#include <string>

#include "base/list.h"
#include "net/loop.h"
#include "upstream/connection.h"
#include "upstream/pool.h"

namespace proa::upstream {

class WorkerCluster;

/// On its worker's thread. HTTP/1: a stream takes the connection that became idle last. HTTP/2: streams fill the
/// first connection up to min(the peer's limit, ours).
class HttpPool final : public net::EndOfTurn {
 public:
  /// Has taken a place of Resource::kPools, which it gives back.
  HttpPool(WorkerCluster& cluster, HostRef host, PoolKey key);
  ~HttpPool();
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;

  /// Calls on_ready, or on_failed(kOverflow), within this call when a connection is at hand or a breaker is open;
  /// otherwise later. First come, first served.
  void acquire(PoolWaiter& waiter);
  /// No request uses the connections that there are any more; they close when they are idle. Waiters get new ones.
  void drain();
  /// Closes all connections: streams see kConnectionClosed. Waiters get new ones.
  void close_connections();
  /// Closes everything for good: streams see kConnectionClosed, waiters fail.
  void close();
  bool empty() const { return connections_ == 0 && waiting_ == 0; }
  /// No request is under way or waits; there may be idle connections.
  bool unused();
  /// The end of an unused pool: gives its place back at once.
  void retire();

  const PoolKey& key() const { return key_; }
  Host& host() { return *host_; }
  size_t connections() const { return connections_; }
  size_t waiting() const { return waiting_; }

 private:
  friend class Connection;
  friend class PoolWaiter;
  using Connections = List<Connection, HttpPool>;

  void run() override;
  Connection* take_ready();
  void give(Connection& connection, PoolWaiter& waiter);
  void serve();
  size_t wanted_connecting() const;
  void connect_if_needed();
  bool connect(size_t address_index = 0);
  void fail_waiters(size_t count, PoolFailure failure, std::string_view details);
  void remove_waiter(PoolWaiter& waiter);
  PoolWaiter* pop_waiter();
  /// How many streams a connection that is not there yet will probably take.
  uint32_t assumed_room() const;

  // Told by connections.
  void connected(Connection& connection);
  void settle(Connection& connection);
  void progressed(Connection& connection);
  void closed(Connection& connection, bool was_connecting);
  void retire(Connection& connection);
  void place(Connection& connection);

  WorkerCluster& cluster_;
  HostRef host_;
  PoolKey key_;
  Connections ready_;
  Connections busy_;  // and draining
  Connections connecting_;
  List<PoolWaiter, HttpPool> waiters_;
  size_t connections_ = 0;
  size_t waiting_ = 0;
  uint32_t connecting_room_ = 0;
  bool spoke_http2_ = false;  // what ALPN chose last
  bool has_place_ = true;
  bool closing_ = false;
  bool connect_failed_ = false;  // at once; told at the end of the turn
  std::string connect_error_;
};

}  // namespace proa::upstream
