#include "upstream/http_pool.h"

#include <algorithm>
#include <cmath>

#include "upstream/worker_cluster.h"

namespace proa::upstream {

HttpPool::HttpPool(WorkerCluster& cluster, HostRef host, PoolKey key)
    : cluster_(cluster), host_(std::move(host)), key_(std::move(key)) {}

HttpPool::~HttpPool() {
  while (PoolWaiter* waiter = pop_waiter()) (void)waiter;
  for (Connections* list : {&ready_, &busy_, &connecting_}) {
    while (Connection* connection = list->pop_front()) delete connection;
  }
  if (has_place_) cluster_.cluster().release(key_.priority, Resource::kPools);
}

bool HttpPool::unused() {
  bool used = waiting_ > 0;
  for (Connections* list : {&ready_, &busy_, &connecting_}) {
    list->for_each([&used](Connection& connection) { used = used || connection.streams_ > 0 || connection.reserved_; });
  }
  return !used;
}

void HttpPool::retire() {
  close();
  if (std::exchange(has_place_, false)) cluster_.cluster().release(key_.priority, Resource::kPools);
}

void HttpPool::acquire(PoolWaiter& waiter) {
  if (Connection* connection = take_ready()) return give(*connection, waiter);
  observe::StatGroup& stats = cluster_.stats();
  if (closing_ || !cluster_.cluster().take(key_.priority, Resource::kPending)) {
    stats.add(ClusterStat::kRqPendingOverflow);
    return waiter.on_failed(PoolFailure::kPendingOverflow, "overflow");
  }
  stats.add(ClusterStat::kRqPendingTotal);
  stats.add(ClusterStat::kRqPendingActive);
  waiter.pool_ = this;
  waiters_.push_back(waiter);
  ++waiting_;
  connect_if_needed();
}

Connection* HttpPool::take_ready() {
  while (!ready_.empty()) {
    Connection& connection = ready_.front();
    if (connection.room() > 0) return &connection;
    place(connection);  // it has changed since it was put here: a GOAWAY, a close under way
    if (!ready_.empty() && &ready_.front() == &connection) return nullptr;
  }
  return nullptr;
}

void HttpPool::give(Connection& connection, PoolWaiter& waiter) {
  Cluster& cluster = cluster_.cluster();
  if (!cluster.take(key_.priority, Resource::kRequests)) {
    cluster.stats().add(ClusterStat::kRqPendingOverflow);
    return waiter.on_failed(PoolFailure::kOverflow, "overflow");
  }
  connection.reserved_ = true;
  if (connection.assumed_room_ > 0) {
    --connection.assumed_room_;
    --connecting_room_;
  }
  waiter.on_ready(connection);
  if (std::exchange(connection.reserved_, false)) cluster.release(key_.priority, Resource::kRequests);
  place(connection);
}

void HttpPool::serve() {
  while (waiting_ > 0) {
    Connection* connection = take_ready();
    if (!connection) return;
    give(*connection, *pop_waiter());
  }
}

void HttpPool::place(Connection& connection) {
  using State = Connection::State;
  if (connection.state_ == State::kClosed || connection.state_ == State::kConnecting) return;
  uint32_t limit = cluster_.cluster().http().max_requests_per_connection;
  if (connection.state_ != State::kDraining && limit && connection.requests_ >= limit) {
    cluster_.stats().add(ClusterStat::kCxMaxRequests);
    connection.drain();
  }
  auto& link = static_cast<proa::ListLink<HttpPool>&>(connection);
  if (connection.state_ == State::kDraining || connection.room() == 0) {
    if (connection.state_ == State::kReady) connection.state_ = State::kBusy;
    link.unlink();
    busy_.push_back(connection);
    return;
  }
  bool was_ready = connection.state_ == State::kReady;
  connection.state_ = State::kReady;
  if (!was_ready || !link.linked()) ready_.push_front(connection);
  if (connection.streams_ == 0 && !connection.timer_.active()) {
    connection.timer_.start(cluster_.loop(), cluster_.cluster().http().idle_timeout);
  }
}

uint32_t HttpPool::assumed_room() const {
  bool http2 = key_.protocol == UpstreamProtocol::kHttp2 || (key_.protocol == UpstreamProtocol::kAuto && spoke_http2_);
  if (!http2) return 1;
  const HttpSpec& spec = cluster_.cluster_->http();
  uint32_t limit = std::max(1U, spec.http2.max_concurrent_streams);
  return spec.max_requests_per_connection ? std::min(limit, spec.max_requests_per_connection) : limit;
}

size_t HttpPool::wanted_connecting() const {
  const auto& preconnect = cluster_.spec().preconnect;
  if (!preconnect || preconnect->per_host_ratio <= 1.0 || waiting_ == 0) return waiting_;
  return static_cast<size_t>(std::ceil(static_cast<double>(waiting_) * preconnect->per_host_ratio));
}

void HttpPool::connect_if_needed() {
  if (closing_) return;
  while (connecting_room_ < wanted_connecting()) {
    if (!connect()) return;
  }
}

bool HttpPool::connect(size_t address_index) {
  auto ticket = ConnectionTicket::take(cluster_.shared_cluster(), host_, key_.priority, connections_ == 0);
  if (!ticket) return false;
  Cluster& cluster = cluster_.cluster();
  const auto& addresses = host_->addresses();
  for (size_t i = address_index; i < addresses.size(); ++i) {
    auto transport = cluster_.factory().connect(cluster_.loop(), addresses[i], cluster, cluster.socket_for(*host_),
                                                key_.options.get(), key_.protocol);
    if (!transport) {
      connect_error_ = transport.error().message;
      continue;
    }
    auto* connection = new Connection(*this, std::move(*transport), std::move(ticket));
    connection->address_index_ = static_cast<uint32_t>(i);
    connection->assumed_room_ = assumed_room();
    connecting_room_ += connection->assumed_room_;
    connecting_.push_back(*connection);
    ++connections_;
    return true;
  }
  // Told at the end of the turn: a waiter that tries again at once must not recurse without end.
  ticket.count_connect_failure(false);
  cluster.report(*host_, Outcome::kConnectFailed);
  connect_failed_ = true;
  cluster_.loop().end_of_turn(*this);
  return false;
}

void HttpPool::run() {
  if (!std::exchange(connect_failed_, false)) return;
  if (connections_ > 0) return;  // the waiters may get one of those
  std::string details = std::exchange(connect_error_, {});
  fail_waiters(waiting_, PoolFailure::kConnectFailure, details);
  if (empty()) cluster_.pool_is_empty();
}

void HttpPool::settle(Connection& connection) {
  if (connection.settled()) connecting_room_ -= std::exchange(connection.assumed_room_, 0);
}

void HttpPool::connected(Connection& connection) {
  settle(connection);
  spoke_http2_ = connection.version() == http::Version::kHttp2;
  connection.state_ = Connection::State::kBusy;
  place(connection);
  serve();
  connect_if_needed();  // HTTP/1 where HTTP/2 was hoped for has less room
}

void HttpPool::progressed(Connection& connection) {
  settle(connection);
  place(connection);
  if (waiting_ == 0) return;
  if (connection.takes_no_streams()) {
    // SETTINGS_MAX_CONCURRENT_STREAMS of 0: more connections would fare no better.
    retire(connection);
    return fail_waiters(waiting_, PoolFailure::kConnectFailure, "upstream takes no streams");
  }
  serve();
  connect_if_needed();
}

void HttpPool::retire(Connection& connection) {
  connection.drain();
  place(connection);
}

void HttpPool::closed(Connection& connection, bool was_connecting) {
  static_cast<proa::ListLink<HttpPool>&>(connection).unlink();
  --connections_;
  connecting_room_ -= connection.assumed_room_;
  if (was_connecting) {
    if (!connection.closed_by_us_) {
      if (connection.address_index_ + 1 < host_->addresses().size() && waiting_ > 0 &&
          connect(connection.address_index_ + 1)) {
        return;
      }
      cluster_.cluster().report(
          *host_, connection.failure_ == PoolFailure::kTimeout ? Outcome::kTimeout : Outcome::kConnectFailed);
      // As many as counted on it; all when nothing else is left to hope for.
      size_t count = connections_ == 0 ? waiting_ : std::min<size_t>(waiting_, connection.assumed_room_);
      fail_waiters(count, connection.failure_, connection.failure_details_);
    }
  }
  connect_if_needed();
  if (empty()) cluster_.pool_is_empty();
}

void HttpPool::fail_waiters(size_t count, PoolFailure failure, std::string_view details) {
  if (count > 0) cluster_.stats().add(ClusterStat::kRqPendingFailureEject, static_cast<int64_t>(count));
  for (; count > 0 && waiting_ > 0; --count) pop_waiter()->on_failed(failure, details);
}

PoolWaiter* HttpPool::pop_waiter() {
  PoolWaiter* waiter = waiters_.empty() ? nullptr : &waiters_.front();
  if (waiter) remove_waiter(*waiter);
  return waiter;
}

void HttpPool::remove_waiter(PoolWaiter& waiter) {
  static_cast<proa::ListLink<HttpPool>&>(waiter).unlink();
  waiter.pool_ = nullptr;
  --waiting_;
  cluster_.stats().sub(ClusterStat::kRqPendingActive);
  cluster_.cluster().release(key_.priority, Resource::kPending);
}

void HttpPool::drain() {
  Connections all;
  all.splice(ready_);
  all.splice(busy_);
  while (Connection* connection = all.pop_front()) {
    busy_.push_back(*connection);
    connection->drain();
  }
  if (waiting_ == 0) connecting_.for_each([](Connection& connection) { connection.drain(); });
}

void HttpPool::close_connections() {
  for (Connections* list : {&ready_, &busy_, &connecting_}) {
    list->for_each([](Connection& connection) {
      connection.closed_by_us_ = true;
      connection.abort();
    });
  }
}

void HttpPool::close() {
  closing_ = true;
  close_connections();
  fail_waiters(waiting_, PoolFailure::kConnectFailure, "pool closed");
}

}  // namespace proa::upstream
