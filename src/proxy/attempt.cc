#include "proxy/attempt.h"

#include "proxy/exchange.h"
#include "proxy/tcp_stream.h"
#include "upstream/worker_cluster.h"

namespace proa::proxy {

using http::ResetReason;

Attempt::Attempt(Exchange& exchange, upstream::HostRef host)
    : exchange_(exchange),
      host_(std::move(host)),
      timer_(net::Timer::of<&Attempt::on_per_try_timeout>(this)),
      idle_timer_(net::Timer::of<&Attempt::on_idle>(this)),
      duration_timer_(net::Timer::of<&Attempt::on_max_duration>(this)) {}

Attempt::~Attempt() { cancel(); }

void Attempt::start(upstream::HttpPool& pool) { pool.acquire(*this); }

void Attempt::start_tcp(upstream::WorkerCluster& cluster, std::shared_ptr<const upstream::TransportOptions> options,
                        upstream::RoutingPriority priority, std::string_view preamble) {
  preamble_ = preamble;
  cluster.connect_tcp(*host_, *this, std::move(options), priority);
}

void Attempt::start_timers(net::Loop& loop, Milliseconds idle, Milliseconds duration) {
  duration_timer_.start(loop, duration);
  idle_timeout_ = idle;
  touch();
}

void Attempt::restart_idle_timer() {
  if (stream_) idle_timer_.start(exchange_.loop(), idle_timeout_);
}

void Attempt::stop_timers() {
  timer_.stop();
  idle_timer_.stop();
  duration_timer_.stop();
}

void Attempt::cancel() {
  stop_timers();
  upstream::PoolWaiter::cancel();
  upstream::TcpWaiter::cancel();
  if (http::ClientStream* stream = std::exchange(stream_, nullptr)) {
    count_reset(ResetReason::kLocalReset);
    stream->reset(ResetReason::kLocalReset);
  }
}

// As Envoy, for HTTP/2 only: there a stream can end without its connection.
void Attempt::count_reset(ResetReason reason) {
  using upstream::ClusterStat;
  if (!http2_) return;
  observe::StatGroup& stats = exchange_.cluster_->stats();
  switch (reason) {
    case ResetReason::kNone:
    case ResetReason::kLocalReset:
    case ResetReason::kOverload:
    case ResetReason::kProtocolError: return stats.add(ClusterStat::kRqTxReset);
    case ResetReason::kRemoteReset: return stats.add(ClusterStat::kRqRxReset);
    case ResetReason::kConnectionClosed: return stats.add(ClusterStat::kRqPendingFailureEject);
    case ResetReason::kConnectFailure:
    case ResetReason::kRemoteRefused: return;
  }
}

void Attempt::on_ready(upstream::Connection& connection) {
  http2_ = connection.version() == http::Version::kHttp2;
  connection_ = &connection;
  stream_ = &connection.open(*this, exchange_.arena());
  reused_connection_ = connection.reused();  // by this one: only now it has been counted
  exchange_.attempt_ready(*this, connection.info(), connection.version());
}

void Attempt::on_connected(std::unique_ptr<upstream::TcpConnection> connection) {
  tcp_ = std::make_unique<TcpStream>(std::move(connection), *this, exchange_.arena(), preamble_);
  stream_ = tcp_.get();
  exchange_.attempt_ready(*this, tcp_->info(), std::nullopt);
}

void Attempt::on_failed(upstream::PoolFailure failure, std::string_view details) {
  failed_ = true;
  stop_timers();
  pool_failure_ = failure;
  const bool overflow =
      failure == upstream::PoolFailure::kOverflow || failure == upstream::PoolFailure::kPendingOverflow;
  reset_reason_ = overflow ? ResetReason::kOverload : ResetReason::kConnectFailure;
  failure_details_ = exchange_.arena().copy(details);
  exchange_.attempt_failed(*this);
}

void Attempt::on_informational(http::ResponseHead& head) {
  informed_ = true;
  timer_.stop();
  touch();
  exchange_.attempt_informational(*this, head);
}

void Attempt::on_response(http::ResponseHead& head, bool end) {
  timer_.stop();
  response_ = &head;
  response_end_ = end;
  end ? end_stream() : touch();
  exchange_.attempt_response(*this, head, end);
}

void Attempt::on_data(std::string_view data, bool end) {
  end ? end_stream() : touch();
  exchange_.attempt_data(*this, data, end);
}

void Attempt::on_trailers(http::HeaderList& trailers) {
  end_stream();
  exchange_.attempt_trailers(*this, trailers);
}

void Attempt::on_reset(ResetReason reason, std::string_view details) {
  count_reset(reason);
  stream_ = nullptr;
  failed_ = true;
  stop_timers();
  reset_reason_ = reason;
  failure_details_ = details;
  replayable_ = upstream::may_replay(reason, reused_connection_, answering(), exchange_.request().method_id);
  exchange_.attempt_failed(*this);
}

void Attempt::on_writable() {
  touch();
  exchange_.attempt_writable();
}

// Hedging needs the whole request, for the next try and for this one to go on with.
void Attempt::run_out(AttemptTimeout timeout) {
  if (!exchange_.hedges() || !exchange_.request_sent_completely()) return end_by(timeout);
  if (!std::exchange(slow_, true)) exchange_.attempt_slow(*this);
}

void Attempt::end_by(AttemptTimeout timeout) {
  cancel();
  failed_ = true;
  timed_out_ = timeout;
  exchange_.attempt_failed(*this);
}

// The response is complete. When the request is too, the codec has forgotten the stream; otherwise it is of no
// more use: the server has answered without wanting the rest.
void Attempt::end_stream() {
  http::ClientStream* stream = std::exchange(stream_, nullptr);
  stop_timers();
  if (!stream || slow_ || exchange_.request_sent_completely()) return;
  count_reset(ResetReason::kNone);
  stream->reset(ResetReason::kNone);
}

}  // namespace proa::proxy
