// One listener on one worker: its accept sockets and the connections that came in through it.
#pragma once

#include <memory>
#include <vector>

#include "base/list.h"
#include "net/listen_socket.h"
#include "net/timer.h"
#include "proxy/accepted_connection.h"
#include "proxy/downstream_connection.h"
#include "proxy/listener_config.h"
#include "proxy/self_served_connection.h"
#include "proxy/tcp_connection.h"
#include "proxy/worker_context.h"

namespace proa::proxy {

class WorkerListeners;

/// One worker thread. Outlives its connections: destroy it only when none is left, see empty().
class Listener final : public net::AcceptHandler, public net::Deferred {
 public:
  /// `sockets`: this worker's own listening sockets, one for each address of the configuration; empty for a
  /// listener that binds no port.
  /// `siblings`: where connections that were meant for another address go; null: nowhere.
  Listener(WorkerContext& worker, std::shared_ptr<const ListenerConfig> config, WorkerListeners* siblings = nullptr);
  ~Listener() override;
  Status listen(std::vector<net::Fd> sockets);

  /// New connections use `config` from now on. Those that exist go on under it where their filter chain has an
  /// equal one below HTTP (transport_hash), and drain otherwise.
  void update(std::shared_ptr<const ListenerConfig> config);
  /// The same for one connection that was accepted before an update or a drain and is handed over only now.
  void catch_up(DownstreamConnection& connection);
  /// Stops accepting; the sockets are closed.
  void stop_accepting();
  /// Lets every connection finish what it does, then close.
  void drain() { drain_share(1); }
  /// The same slowly: tells the first of `turns_left` equal shares of those that have not been told.
  void drain_share(size_t turns_left);
  /// Closes every connection now.
  void close_all();
  /// Likewise in `time`, those that are still there.
  void close_after(Milliseconds time) { close_timer_.start(worker_.loop(), time); }
  bool empty() { return accepted_.empty() && http_.empty() && tcp_.empty() && self_served_.empty(); }

  WorkerContext& worker() { return worker_; }
  const std::shared_ptr<const ListenerConfig>& config() const { return config_; }
  bool draining() const { return draining_; }
  List<AcceptedConnection>& accepted() { return accepted_; }
  List<DownstreamConnection>& http() { return http_; }
  List<TcpConnection>& tcp() { return tcp_; }
  List<SelfServedConnection>& self_served() { return self_served_; }
  /// Finds out where the client wanted to go, if that was not this listener's own address.
  void restore_destination(net::SocketTransport& socket) const;
  /// A connection that a filter chain served has closed.
  void served_connection_closed(MonoTime started);
  /// A connection has gone; when the last one has and the listener drains, tells whoever waits.
  void connection_closed();
  /// `f` runs when the listener is draining and empty (perhaps at once).
  void when_empty(std::move_only_function<void()> f);

  // net::AcceptHandler
  bool admit() override;
  void on_accept(net::Fd fd, const net::Address& remote) override;
  void on_exhausted() override;

 private:
  /// Takes a connection that came in through `from`, or closes it where this listener is full.
  void take_over(std::unique_ptr<net::SocketTransport> socket, ConnectionTickets from);
  void begin(std::unique_ptr<net::SocketTransport> socket, ConnectionTickets tickets);

  WorkerContext& worker_;
  WorkerListeners* siblings_;
  std::shared_ptr<const ListenerConfig> config_;
  std::vector<std::unique_ptr<net::Acceptor>> acceptors_;
  List<AcceptedConnection> accepted_;
  List<DownstreamConnection> http_;
  List<TcpConnection> tcp_;
  List<SelfServedConnection> self_served_;
  ConnectionTickets next_tickets_;
  std::move_only_function<void()> when_empty_;
  bool draining_ = false;
  net::Timer close_timer_;
};

}  // namespace proa::proxy
