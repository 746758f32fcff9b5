// A gRPC server: listening sockets, their connections, and a drain that loses no call that could be finished.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "grpc/server_connection.h"
#include "net/listen_socket.h"
#include "net/tls/slot.h"

namespace proa::grpc {

struct ListenerOptions {
  net::Address address{};  ///< TCP, or the path of a Unix socket
  /// Null: clear text. The context offers ALPN "h2"; renewed by way of the slot.
  std::shared_ptr<const net::tls::ServerSlot> tls{};
  size_t max_connections = 10'000;  ///< more are closed at once
  std::optional<mode_t> unix_mode = 0600;
};

/// Everything on its loop's thread. With several workers each has a server of its own on the same port (SO_REUSEPORT);
/// `services` may be one for all when what they call is thread-safe. `services` outlives the server.
class Server {
 public:
  Server(net::Loop& loop, const Services& services, ConnectionRules rules = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens; returns the bound address.
  Result<net::Address> listen(const ListenerOptions& options);
  /// Serves a connection that came another way, in clear text.
  void adopt(std::unique_ptr<net::Transport> transport);
  /// Accepts no more. Calls have `grace`; then they end with UNAVAILABLE. `done`: no connection is left.
  void drain(Milliseconds grace, std::move_only_function<void()> done);
  size_t connections() const { return connections_.size(); }

 private:
  class Listener;
  void on_close_time();

  /// How long clients have to take what was said last.
  static constexpr Milliseconds kCloseTime{5'000};

  net::Loop& loop_;
  const Services& services_;
  const ConnectionRules rules_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  ServerConnections connections_;
  net::Timer close_timer_;
};

}  // namespace proa::grpc
