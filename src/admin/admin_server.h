// The operator's HTTP surface: Envoy's admin pages, and /explain.
#pragma once

#include <memory>

#include "admin/admin_connection.h"
#include "admin/context.h"
#include "net/listen_socket.h"

namespace proa::admin {

/// Listens on the main loop, where everything happens; a Unix socket with the mode configured, or TCP. Destroying it
/// closes the socket and all its connections.
class AdminServer final : private net::AcceptHandler {
 public:
  /// Fails when the address cannot be bound, or when there is none (AdminConfig::address). `inherited`: a socket that
  /// listens there already, of the process before.
  static Result<std::unique_ptr<AdminServer>> make(net::Loop& loop, AdminContext context, net::Fd inherited = {});
  ~AdminServer();

  /// Where it listens, with the port that the kernel chose.
  const net::Address& address() const { return acceptor_->local(); }
  /// A copy of the listening socket, to hand over.
  net::Fd duplicate_socket() const;
  /// Pages without a socket, for tests.
  Admin& admin() { return admin_; }

  /// More at the same time are closed when they come.
  static constexpr size_t kMaxConnections = 128;

 private:
  AdminServer(net::Loop& loop, AdminContext context);
  bool admit() override;
  void on_accept(net::Fd fd, const net::Address& remote) override;

  net::Loop& loop_;
  Admin admin_;
  AdminConnection::List connections_;
  std::unique_ptr<net::Acceptor> acceptor_;
};

}  // namespace proa::admin
