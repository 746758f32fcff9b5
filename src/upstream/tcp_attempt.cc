#include "upstream/tcp_attempt.h"

namespace proa::upstream {

TcpConnection::TcpConnection(std::unique_ptr<net::Transport> transport, ConnectionTicket ticket)
    : transport_(std::move(transport)), ticket_(std::move(ticket)), created_(transport_->loop().now()) {}

TcpConnection::~TcpConnection() {
  ticket_.count_end(!by_peer_, false, transport_->loop().now() - created_);
  transport_->observe(nullptr);
  transport_->close();
  transport_->loop().defer_delete(std::move(transport_));  // we may be inside one of its callbacks
}

void TcpConnection::count_bytes(uint64_t received, uint64_t sent) {
  observe::StatGroup& stats = cluster().stats();
  stats.add(ClusterStat::kCxRxBytesTotal, static_cast<int64_t>(received));
  stats.add(ClusterStat::kCxTxBytesTotal, static_cast<int64_t>(sent));
}

void TcpWaiter::cancel() {
  if (TcpAttempt* attempt = std::exchange(attempt_, nullptr)) {
    attempt->waiter_ = nullptr;
    attempt->end();
  }
}

TcpAttempt::TcpAttempt(WorkerCluster& cluster, TcpWaiter& waiter, ConnectionTicket ticket,
                       std::shared_ptr<const TransportOptions> options)
    : cluster_(cluster),
      waiter_(&waiter),
      ticket_(std::move(ticket)),
      options_(std::move(options)),
      timer_(net::Timer::of<&TcpAttempt::on_timeout>(this)),
      started_(cluster.loop().now()) {
  waiter.attempt_ = this;
}

TcpAttempt::~TcpAttempt() {
  if (waiter_) waiter_->attempt_ = nullptr;
  if (transport_) transport_->observe(nullptr);
}

void TcpAttempt::start(WorkerCluster& cluster, Host& host, TcpWaiter& waiter,
                       std::shared_ptr<const TransportOptions> options, RoutingPriority priority) {
  auto ticket = ConnectionTicket::take(cluster.shared_cluster(), HostRef(&host), priority, false);
  if (!ticket) return waiter.on_failed(PoolFailure::kOverflow, "overflow");
  auto* attempt = new TcpAttempt(cluster, waiter, std::move(ticket), std::move(options));
  cluster.attempts_.push_back(*attempt);
  attempt->timer_.start(cluster.loop(), cluster.spec().connect_timeout);
  attempt->connect();
}

void TcpAttempt::connect() {
  Cluster& cluster = cluster_.cluster();
  const Host& host = *ticket_.host();
  while (next_address_ < host.addresses().size()) {
    auto made = cluster_.factory().connect(cluster_.loop(), host.addresses()[next_address_++], cluster,
                                           cluster.socket_for(host), options_.get(), UpstreamProtocol::kUseDownstream);
    if (made) {
      transport_ = std::move(*made);
      transport_->observe(this);
      return;
    }
    error_ = made.error().message;
  }
  fail(PoolFailure::kConnectFailure, error_);
}

void TcpAttempt::on_connected() {
  auto took = std::chrono::duration_cast<Milliseconds>(cluster_.loop().now() - started_);
  cluster_.stats().record(ClusterStat::kCxConnectMs, static_cast<uint64_t>(took.count()));
  transport_->observe(nullptr);
  // A relayed connection counts as one request, as with Envoy.
  cluster_.stats().add(ClusterStat::kRqTotal);
  ticket_.host()->hot.rq_total.fetch_add(1, std::memory_order_relaxed);
  auto connection = std::make_unique<TcpConnection>(std::move(transport_), std::move(ticket_));
  connection->cluster().report(connection->host(), Outcome::kSuccess);
  TcpWaiter* waiter = std::exchange(waiter_, nullptr);
  waiter->attempt_ = nullptr;
  end();
  waiter->on_connected(std::move(connection));
}

void TcpAttempt::on_connect_failed(std::string reason) {
  bool tls = !transport_->failure().empty();
  cluster_.loop().defer_delete(std::move(transport_));
  error_ = std::move(reason);
  if (next_address_ < ticket_.host()->addresses().size()) return connect();
  fail(tls ? PoolFailure::kTlsFailure : PoolFailure::kConnectFailure, error_);
}

void TcpAttempt::on_timeout() { fail(PoolFailure::kTimeout, "connection timeout"); }

void TcpAttempt::fail(PoolFailure failure, std::string_view details) {
  bool timeout = failure == PoolFailure::kTimeout;
  ticket_.count_connect_failure(timeout);
  cluster_.stats().add(ClusterStat::kRqPendingFailureEject);
  ticket_.cluster().report(*ticket_.host(), timeout ? Outcome::kTimeout : Outcome::kConnectFailed);
  TcpWaiter* waiter = std::exchange(waiter_, nullptr);
  waiter->attempt_ = nullptr;
  end();
  waiter->on_failed(failure, details);
}

void TcpAttempt::end() {
  timer_.stop();
  if (transport_) {
    transport_->observe(nullptr);
    transport_->close();
  }
  static_cast<proa::ListLink<WorkerCluster>&>(*this).unlink();
  cluster_.pool_is_empty();
  cluster_.loop().defer_delete(std::unique_ptr<net::Deferred>(this));
}

}  // namespace proa::upstream
