#include "admin/admin_server.h"

#include <fcntl.h>

#include "base/log.h"
#include "net/socket_transport.h"

namespace proa::admin {

Result<std::unique_ptr<AdminServer>> AdminServer::make(net::Loop& loop, AdminContext context, net::Fd inherited) {
  const net::Address address = context.config.address;
  if (!address) return fail("the admin surface has no address");
  net::ListenOptions options;
  options.reuse_port = false;
  if (address.is_unix()) options.unix_mode = context.config.unix_mode;
  Result<net::Fd> socket =
      inherited ? net::adopt_listener(std::move(inherited), address) : net::listen_on(address, options);
  if (!socket) return fail("admin: " + socket.error().message);
  std::unique_ptr<AdminServer> server(new AdminServer(loop, std::move(context)));
  auto acceptor = net::Acceptor::make(loop, std::move(*socket), *server);
  if (!acceptor) return fail("admin: " + acceptor.error().message);
  server->acceptor_ = std::move(*acceptor);
  if (address.is_ip() && !address.is_loopback()) {
    log::get("admin").warn("the admin surface on {} can be reached from outside: whoever gets there may stop the proxy",
                           server->address().to_string());
  }
  return server;
}

AdminServer::AdminServer(net::Loop& loop, AdminContext context) : loop_(loop), admin_(std::move(context)) {}

AdminServer::~AdminServer() {
  acceptor_.reset();
  while (AdminConnection* connection = connections_.pop_front()) delete connection;
}

net::Fd AdminServer::duplicate_socket() const { return net::Fd(::fcntl(acceptor_->fd(), F_DUPFD_CLOEXEC, 0)); }

bool AdminServer::admit() {
  size_t open = 0;
  connections_.for_each([&](AdminConnection&) { ++open; });
  return open < kMaxConnections;
}

void AdminServer::on_accept(net::Fd fd, const net::Address& remote) {
  auto transport = net::SocketTransport::adopt(loop_, std::move(fd), remote);
  if (!transport) return;
  AdminConnection::start(admin_, connections_, std::move(*transport));
}

}  // namespace proa::admin
