#include "grpc/server.h"

#include <utility>

#include "base/log.h"
#include "net/socket_transport.h"
#include "net/tls/transport.h"

namespace proa::grpc {

class Server::Listener final : private net::AcceptHandler {
 public:
  Listener(Server& server, ListenerOptions options) : server_(server), options_(std::move(options)) {}

  Result<net::Address> open() {
    net::ListenOptions listen;
    if (options_.address.is_unix()) listen.unix_mode = options_.unix_mode;
    auto socket = net::listen_on(options_.address, listen);
    if (!socket) return std::unexpected(socket.error());
    auto acceptor = net::Acceptor::make(server_.loop_, std::move(*socket), *this);
    if (!acceptor) return std::unexpected(acceptor.error());
    acceptor_ = std::move(*acceptor);
    return acceptor_->local();
  }

 private:
  bool admit() override { return server_.connections() < options_.max_connections; }
  void on_exhausted() override { log::get("grpc").warn("out of file descriptors"); }
  void on_accept(net::Fd fd, const net::Address& remote) override {
    auto socket = net::SocketTransport::adopt(server_.loop_, std::move(fd), remote);
    if (!socket) return log::get("grpc").warn("{}: {}", remote.to_string(), socket.error().message);
    std::unique_ptr<net::Transport> transport = std::move(*socket);
    if (options_.tls) transport = net::tls::accept(std::move(transport), options_.tls->current());
    ServerConnection::start(std::move(transport), options_.tls != nullptr, server_.services_, server_.rules_,
                            server_.connections_);
  }

  Server& server_;
  const ListenerOptions options_;
  std::unique_ptr<net::Acceptor> acceptor_;
};

Server::Server(net::Loop& loop, const Services& services, ConnectionRules rules)
    : loop_(loop),
      services_(services),
      rules_(std::move(rules)),
      close_timer_(net::Timer::of<&Server::on_close_time>(this)) {}

Server::~Server() = default;

Result<net::Address> Server::listen(const ListenerOptions& options) {
  auto listener = std::make_unique<Listener>(*this, options);
  auto bound = listener->open();
  if (bound) listeners_.push_back(std::move(listener));
  return bound;
}

void Server::adopt(std::unique_ptr<net::Transport> transport) {
  ServerConnection::start(std::move(transport), false, services_, rules_, connections_);
}

void Server::drain(Milliseconds grace, std::move_only_function<void()> done) {
  listeners_.clear();
  close_timer_.start(loop_, grace + kCloseTime);
  connections_.for_each([&](ServerConnection& connection) { connection.drain(grace); });
  // Posted: it may destroy this server, and a connection may be on the stack.
  connections_.when_empty([this, done = std::move(done)]() mutable { loop_.post(std::move(done)); });
}

void Server::on_close_time() {
  connections_.for_each([](ServerConnection& connection) { connection.abort(); });
}

}  // namespace proa::grpc
