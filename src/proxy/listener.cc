#include "proxy/listener.h"

#include "net/original_dst.h"
#include "net/socket_transport.h"
#include "proxy/listener_stats.h"
#include "proxy/worker_listeners.h"

namespace proa::proxy {

Listener::Listener(WorkerContext& worker, std::shared_ptr<const ListenerConfig> config, WorkerListeners* siblings)
    : worker_(worker),
      siblings_(siblings),
      config_(std::move(config)),
      close_timer_(net::Timer::of<&Listener::close_all>(this)) {}

Listener::~Listener() = default;

Status Listener::listen(std::vector<net::Fd> sockets) {
  for (net::Fd& socket : sockets) {
    auto acceptor = net::Acceptor::make(worker_.loop(), std::move(socket), *this, config_->accepts_per_event);
    if (!acceptor) return std::unexpected(acceptor.error());
    acceptors_.push_back(std::move(*acceptor));
  }
  return {};
}

bool Listener::admit() {
  observe::StatGroup& stats = *config_->stats;
  ConnectionTickets tickets;
  tickets.listener = ConnectionTicket::take(config_->connections, config_->connection_limit);
  if (!tickets.listener) {
    stats.add(ListenerStat::kCxOverflow);
    return false;
  }
  if (!config_->ignore_global_limit) {
    tickets.process = worker_.take_global_ticket();
    if (!tickets.process) {
      stats.add(ListenerStat::kGlobalCxOverflow);
      return false;
    }
  }
  next_tickets_ = std::move(tickets);
  return true;
}

void Listener::on_accept(net::Fd fd, const net::Address& remote) {
  auto socket = net::SocketTransport::adopt(worker_.loop(), std::move(fd), remote);
  ConnectionTickets ticket = std::move(next_tickets_);
  if (!socket) return;  // the peer has gone already
  if (config_->use_original_destination) {
    restore_destination(**socket);
    Listener* meant = siblings_ ? siblings_->of_destination((*socket)->info().local) : nullptr;
    if (meant && meant != this) return meant->take_over(std::move(*socket), std::move(ticket));
  }
  begin(std::move(*socket), std::move(ticket));
}

void Listener::restore_destination(net::SocketTransport& socket) const {
  net::ConnectionInfo& info = socket.info();
  if (info.local_restored) return;
  net::OriginalDestination original = net::original_destination(socket.fd(), config_->addresses.front());
  if (!original.restored) return;
  info.local = original.address;
  info.local_restored = true;
}

void Listener::take_over(std::unique_ptr<net::SocketTransport> socket, ConnectionTickets from) {
  ConnectionTickets tickets{.listener = ConnectionTicket::take(config_->connections, config_->connection_limit),
                            .process = std::move(from.process)};
  if (!tickets.listener) {
    config_->stats->add(ListenerStat::kCxOverflow);
    return socket->close();
  }
  begin(std::move(socket), std::move(tickets));
}

void Listener::begin(std::unique_ptr<net::SocketTransport> socket, ConnectionTickets tickets) {
  config_->stats->add(ListenerStat::kCxTotal);
  config_->stats->add(ListenerStat::kCxActive);
  AcceptedConnection::start(*this, std::move(socket), std::move(tickets));
}

void Listener::on_exhausted() { config_->stats->add(ListenerStat::kAcceptExhausted); }

void Listener::update(std::shared_ptr<const ListenerConfig> config) {
  config_ = std::move(config);
  http_.for_each([this](DownstreamConnection& connection) { catch_up(connection); });
}

void Listener::catch_up(DownstreamConnection& connection) {
  if (draining_) return connection.drain();
  const auto* chain = config_->find_chain(connection.info());
  const bool same = chain && (*chain)->http && (*chain)->transport_hash == connection.chain().transport_hash;
  same ? connection.adopt(*chain) : connection.drain();
}

void Listener::stop_accepting() { acceptors_.clear(); }

void Listener::drain_share(size_t turns_left) {
  draining_ = true;
  size_t untold = 0;
  http_.for_each([&](DownstreamConnection& connection) { untold += !connection.told_to_end(); });
  size_t share = untold / turns_left;
  http_.for_each([&](DownstreamConnection& connection) {
    if (share == 0 || connection.told_to_end()) return;
    --share;
    connection.drain();
  });
  if (empty()) connection_closed();
}

void Listener::close_all() {
  accepted_.for_each([](AcceptedConnection& connection) { connection.close(); });
  http_.for_each([](DownstreamConnection& connection) { connection.abort(); });
  tcp_.for_each([](TcpConnection& connection) { connection.abort(); });
  self_served_.for_each([](SelfServedConnection& connection) { connection.close(); });
}

void Listener::served_connection_closed(MonoTime started) {
  observe::StatGroup& stats = *config_->stats;
  stats.sub(ListenerStat::kCxActive);
  stats.add(ListenerStat::kCxDestroy);
  auto length = std::chrono::duration_cast<Milliseconds>(worker_.loop().now() - started);
  stats.record(ListenerStat::kCxLengthMs, static_cast<uint64_t>(length.count()));
  connection_closed();
}

void Listener::connection_closed() {
  if (draining_ && empty() && when_empty_) std::exchange(when_empty_, nullptr)();
}

void Listener::when_empty(std::move_only_function<void()> f) {
  when_empty_ = std::move(f);
  connection_closed();
}

}  // namespace proa::proxy
