#include "upstream/connection.h"

#include "upstream/http_pool.h"
#include "upstream/worker_cluster.h"

namespace proa::upstream {

namespace {

// Only what Envoy names has a statistic of its own; floods share one.
ClusterStat stat_of(http::CodecCounter counter, bool http2) {
  using C = http::CodecCounter;
  if (!http2) return ClusterStat::kHttp1BadResponse;
  switch (counter) {
    case C::kTxReset: return ClusterStat::kHttp2TxReset;
    case C::kRxReset: return ClusterStat::kHttp2RxReset;
    case C::kHeadersTooLarge: return ClusterStat::kHttp2HeaderOverflow;
    case C::kTrailers: return ClusterStat::kHttp2Trailers;
    case C::kGoawaySent: return ClusterStat::kHttp2GoawaySent;
    case C::kKeepaliveTimeout: return ClusterStat::kHttp2KeepaliveTimeout;
    case C::kOutboundFlood: return ClusterStat::kHttp2OutboundFlood;
    case C::kOutboundControlFlood: return ClusterStat::kHttp2OutboundControlFlood;
    default: return ClusterStat::kHttp2RxMessagingError;
  }
}

}  // namespace

Connection::Connection(HttpPool& pool, std::unique_ptr<net::Transport> transport, ConnectionTicket ticket)
    : CodecPump(std::move(transport), Role::kClient),
      pool_(pool),
      ticket_(std::move(ticket)),
      timer_(net::Timer::of<&Connection::on_timer>(this)),
      created_(loop().now()) {
  timer_.start(loop(), ticket_.cluster().spec().connect_timeout);
}

Connection::~Connection() {
  state_ = State::kClosed;  // a worker that ends: what its streams held goes back
  settle_streams();
}

http::ClientStream& Connection::open(http::ResponseReceiver& receiver, Arena& arena) {
  reserved_ = false;
  ++requests_;
  ++streams_;
  timer_.stop();
  Host::Hot& hot = host().hot;
  hot.active_requests.fetch_add(1, std::memory_order_relaxed);
  hot.rq_total.fetch_add(1, std::memory_order_relaxed);
  observe::StatGroup& stats = ticket_.cluster().stats();
  stats.add(ClusterStat::kRqTotal);
  stats.add(ClusterStat::kRqActive);
  return client_codec_->open(receiver, arena);
}

void Connection::drain() {
  if (state_ == State::kClosed || state_ == State::kDraining) return;
  if (state_ == State::kConnecting) {
    closed_by_us_ = true;
    abort();
    return;
  }
  state_ = State::kDraining;
  closed_by_us_ = true;
  shut_down();
}

void Connection::on_connected() {
  if (state_ != State::kConnecting) return;
  timer_.stop();
  UpstreamProtocol protocol = pool_.key().protocol;
  const net::ConnectionInfo& info = transport().info();
  bool http2 = protocol == UpstreamProtocol::kHttp2 ||
               (protocol == UpstreamProtocol::kAuto && info.tls && info.tls->alpn == "h2");
  Cluster& cluster = ticket_.cluster();
  const HttpSpec& spec = cluster.http();
  auto codec = pool_.cluster_.factory().make_codec(http2, *this, spec, loop().now());
  client_codec_ = codec.get();
  cluster.stats().add(http2 ? ClusterStat::kCxHttp2Total : ClusterStat::kCxHttp1Total);
  auto took = std::chrono::duration_cast<Milliseconds>(loop().now() - created_);
  cluster.stats().record(ClusterStat::kCxConnectMs, static_cast<uint64_t>(took.count()));
  if (spec.max_connection_duration.count() > 0) {
    life_timer_ = std::make_unique<net::Timer>(net::Timer::of<&Connection::on_max_duration>(this));
    life_timer_->start(loop(), spec.max_connection_duration);
  }
  start(std::move(codec), false);
  pool_.connected(*this);
}

void Connection::on_connect_failed(std::string reason) {
  failure_ = transport().failure().empty() ? PoolFailure::kConnectFailure : PoolFailure::kTlsFailure;
  failure_details_ = std::move(reason);
  abort();
}

void Connection::on_timer() {
  if (state_ == State::kConnecting) {
    failure_ = PoolFailure::kTimeout;
    failure_details_ = "connection timeout";
    return abort();
  }
  if (streams_ > 0) return;
  ticket_.cluster().stats().add(ClusterStat::kCxIdleTimeout);
  pool_.retire(*this);
}

void Connection::on_max_duration() {
  ticket_.cluster().stats().add(ClusterStat::kCxMaxDurationReached);
  pool_.retire(*this);
}

void Connection::count(http::CodecCounter counter) {
  ticket_.cluster().stats().add(stat_of(counter, version() == http::Version::kHttp2));
}

uint32_t Connection::room() const {
  if (state_ == State::kConnecting || state_ == State::kDraining || state_ == State::kClosed || reserved_) return 0;
  if (!client_codec_->reusable()) return 0;
  uint32_t limit = ticket_.cluster().http().max_requests_per_connection;
  if (limit && requests_ >= limit) return 0;
  return client_codec_->can_open();
}

void Connection::settle_streams() {
  auto active = client_codec_ ? static_cast<uint32_t>(client_codec_->active_streams()) : 0;
  if (state_ == State::kClosed) active = 0;
  if (active >= streams_) return;
  uint32_t ended = streams_ - active;
  streams_ = active;
  Cluster& cluster = ticket_.cluster();
  host().hot.active_requests.fetch_sub(ended, std::memory_order_relaxed);
  cluster.stats().sub(ClusterStat::kRqActive, ended);
  for (uint32_t i = 0; i < ended; ++i) cluster.release(pool_.key().priority, Resource::kRequests);
}

void Connection::settle_bytes() {
  observe::StatGroup& stats = ticket_.cluster().stats();
  if (bytes_read() != counted_read_) {
    stats.add(ClusterStat::kCxRxBytesTotal, static_cast<int64_t>(bytes_read() - counted_read_));
    counted_read_ = bytes_read();
  }
  if (bytes_written() != counted_written_) {
    stats.add(ClusterStat::kCxTxBytesTotal, static_cast<int64_t>(bytes_written() - counted_written_));
    counted_written_ = bytes_written();
  }
}

void Connection::on_progress() {
  ended_with_requests_ = ended_with_requests_ || (input_ended() && streams_ > 0);
  settle_streams();
  settle_bytes();
  pool_.progressed(*this);
}

void Connection::on_closed() {
  bool connecting = state_ == State::kConnecting;
  bool with_requests = ended_with_requests_ || streams_ > 0;
  state_ = State::kClosed;
  timer_.stop();
  life_timer_.reset();
  settle_streams();
  settle_bytes();
  if (connecting && !closed_by_us_) ticket_.count_connect_failure(failure_ == PoolFailure::kTimeout);
  if (codec() && !codec()->error().empty() && !input_ended())
    ticket_.cluster().stats().add(ClusterStat::kCxProtocolError);
  ticket_.count_end(closed_by_us_, with_requests, loop().now() - created_);
  loop().defer_delete(std::unique_ptr<net::Deferred>(this));
  pool_.closed(*this, connecting);
}

}  // namespace proa::upstream
