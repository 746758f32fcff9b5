#include "proxy/tcp_connection.h"

#include "http/uri.h"
#include "observe/metadata.h"
#include "proxy/listener.h"
#include "proxy/transport_options.h"
#include "proxy/tunnel_request.h"
#include "upstream/lb/lb_context.h"

namespace proa::proxy {

using net::Timer;
using observe::ResponseFlag;
using upstream::ClusterStat;

namespace {

/// The hosts that this connection has tried already.
struct NotTried final : upstream::HostFilter {
  const upstream::Host* tried = nullptr;
  bool reject(const upstream::Host& host) const override { return &host == tried; }
};

uint64_t hash_address(const net::Address& address) { return address.with_port(0).hash(); }

}  // namespace

void TcpConnection::start(Listener& listener, std::unique_ptr<net::Transport> transport,
                          std::shared_ptr<const FilterChain> chain, ConnectionTickets ticket,
                          const observe::Metadata* metadata) {
  auto* connection = new TcpConnection(listener, std::move(transport), std::move(chain), std::move(ticket), metadata);
  connection->connect();
}

TcpConnection::TcpConnection(Listener& listener, std::unique_ptr<net::Transport> transport,
                             std::shared_ptr<const FilterChain> chain, ConnectionTickets ticket,
                             const observe::Metadata* metadata)
    : listener_(listener),
      loop_(transport->loop()),
      chain_(std::move(chain)),
      proxy_(*chain_->tcp),
      ticket_(std::move(ticket)),
      downstream_(std::move(transport)),
      to_upstream_(std::make_unique<BytePipe>(*downstream_, proxy_.buffer_limit)),
      idle_timer_(Timer::of<&TcpConnection::on_idle>(this)),
      duration_timer_(Timer::of<&TcpConnection::on_max_duration>(this)),
      report_timer_(Timer::of<&TcpConnection::on_report>(this)) {
  downstream_->observe(&downstream_side_);
  stream_.downstream = &downstream_->info();
  stream_.remote_address = &downstream_->info().remote;
  stream_.filter_chain_name = chain_->name;
  stream_.start = loop_.now();
  stream_.start_wall = loop_.wall_now();
  if (metadata) observe::mutable_metadata(stream_, arena_) = *metadata;
  stream_.random = listener_.worker().random();
  proxy_.stats->add(TcpStat::kCxTotal);
  idle_timer_.start(loop_, proxy_.idle_timeout);
  duration_timer_.start(loop_, proxy_.max_connection_duration);
  for (const auto& filter : chain_->filters) {
    const Milliseconds interval = filter->report_interval();
    if (interval == kNever) continue;
    report_states_.resize(chain_->filters.size());
    if (interval.count() > 0 && (report_interval_ == kNever || interval < report_interval_))
      report_interval_ = interval;
  }
  report_timer_.start(loop_, report_interval_);
  listener_.tcp().push_back(*this);
}

TcpConnection::~TcpConnection() = default;

const TcpTarget* TcpConnection::choose_target() {
  uint64_t point = stream_.random % proxy_.total_weight;
  for (const TcpTarget& target : proxy_.targets) {
    if (point < target.weight) return &target;
    point -= target.weight;
  }
  return nullptr;
}

void TcpConnection::connect() {
  const TcpTarget* target = choose_target();
  std::string_view name = proxy_.cluster_from_sni ? std::string_view(downstream_->info().sni) : target->cluster;
  cluster_ = listener_.worker().clusters().find(name);
  if (!cluster_) {
    stream_.set(ResponseFlag::kNoClusterFound);
    proxy_.stats->add(TcpStat::kCxNoRoute);
    return close();
  }
  stream_.upstream_cluster_raw = cluster_->spec().name;
  stream_.cluster_metadata = cluster_->spec().metadata.get();
  stream_.upstream_cluster = cluster_->cluster().stat_name();
  NotTried filter;
  filter.tried = host_.get();
  upstream::LbContext context;
  context.subset = target->metadata_match.get();
  context.downstream = &downstream_->info();
  context.now = loop_.now();
  context.filter = host_ ? &filter : nullptr;
  if (downstream_->info().local_restored) context.original_destination = &downstream_->info().local;
  if (proxy_.hash_source_ip) context.hash = hash_address(downstream_->info().remote);
  host_ = cluster_->choose(context);
  if (!host_) {
    stream_.set(ResponseFlag::kNoHealthyUpstream);
    return close();
  }
  ++stream_.upstream_attempts;
  stream_.upstream_remote = &host_->address();
  stream_.host_metadata = host_->metadata();
  if (proxy_.tunneling) return open_tunnel();
  cluster_->connect_tcp(*host_, *this, transport_options(cluster_->spec(), downstream_->info()));
}

void TcpConnection::open_tunnel() {
  if (tunnel_) loop_.defer_delete(std::move(tunnel_));  // a try that failed
  const http::RequestHead& request =
      make_tunnel_request(*proxy_.tunneling, stream_, cluster_->spec().socket.tls != nullptr, arena_);
  if (!http::is_authority(request.authority)) {
    return on_failed(upstream::PoolFailure::kConnectFailure, "the tunnel's hostname is not valid");
  }
  upstream::HttpPool* pool = cluster_->http_pool(
      *host_, {.protocol = upstream::pool_protocol(cluster_->cluster().http(), http::Version::kHttp11),
               .options = transport_options(cluster_->spec(), request, downstream_->info())});
  if (!pool) return on_failed(upstream::PoolFailure::kOverflow, "overflow");
  tunnel_ = std::make_unique<HttpTunnel>(loop_, *this, request, arena_, proxy_.buffer_limit);
  tunnel_->start(*pool);
}

void TcpConnection::on_connected(std::unique_ptr<upstream::TcpConnection> connection) {
  upstream_ = std::move(connection);
  join(upstream_->transport());
}

void TcpConnection::on_answer(const http::ResponseHead& head) {
  if (!proxy_.tunneling->keep_response_headers) return;
  keep_tunnel_headers(stream_, "envoy.tcp_proxy.propagate_response_headers", head.status, head.headers, arena_);
}

void TcpConnection::on_trailers(const http::HeaderList& trailers) {
  if (!proxy_.tunneling->keep_response_trailers) return;
  keep_tunnel_headers(stream_, "envoy.tcp_proxy.propagate_response_trailers", 0, trailers, arena_);
}

void TcpConnection::join(net::Transport& transport) {
  transport.observe(&upstream_side_);
  stream_.upstream_local = &transport.info().local;
  stream_.upstream_tls = transport.info().tls;
  to_upstream_->set_sink(transport);
  to_downstream_ = std::make_unique<BytePipe>(transport, proxy_.buffer_limit);
  to_downstream_->set_sink(*downstream_);
  pump();
}

void TcpConnection::on_failed(upstream::PoolFailure failure, std::string_view details) {
  const bool overflow =
      failure == upstream::PoolFailure::kOverflow || failure == upstream::PoolFailure::kPendingOverflow;
  if (stream_.upstream_attempts < proxy_.max_connect_attempts && !overflow) return connect();
  if (!overflow) {
    cluster_->stats().add(ClusterStat::kCxConnectAttemptsExceeded);
    stream_.set(ResponseFlag::kUpstreamRetryLimitExceeded);
  }
  stream_.set(overflow ? ResponseFlag::kUpstreamOverflow : ResponseFlag::kUpstreamConnectionFailure);
  stream_.upstream_transport_failure_reason = arena_.copy(details);
  close();
}

void TcpConnection::pump() {
  if (closed_) return;
  bool moved = to_upstream_->pump();
  if (to_downstream_) moved |= to_downstream_->pump();
  if (moved) idle_timer_.start(loop_, proxy_.idle_timeout);
  if (to_upstream_->state() == BytePipe::State::kFailed) {
    return on_broken(to_upstream_->sink_failed() ? Broken::kUpstream : Broken::kDownstream);
  }
  if (to_downstream_ && to_downstream_->state() == BytePipe::State::kFailed) {
    return on_broken(to_downstream_->sink_failed() ? Broken::kDownstream : Broken::kUpstream);
  }
  const bool both_ended = to_upstream_->state() == BytePipe::State::kEnded && to_downstream_ &&
                          to_downstream_->state() == BytePipe::State::kEnded;
  if (both_ended) return close(Broken::kNone, /*ended=*/true);
  if (to_upstream_->unfinished() || (to_downstream_ && to_downstream_->unfinished())) loop_.end_of_turn(*this);
}

void TcpConnection::run() { pump(); }

void TcpConnection::on_broken(Broken side) {
  stream_.set(side == Broken::kUpstream ? ResponseFlag::kUpstreamRemoteReset
                                        : ResponseFlag::kDownstreamConnectionTermination);
  close(side);
}

void TcpConnection::on_report() {
  report(false);
  report_timer_.start(loop_, report_interval_);
}

/// Not before the peers have told who they are, or will not.
void TcpConnection::report(bool last) {
  if (report_states_.empty()) return;
  const net::ConnectionInfo* upstream = upstream_ ? &upstream_->transport().info() : nullptr;
  const bool pending = !upstream || upstream->mesh_exchange_pending || downstream_->info().mesh_exchange_pending;
  if (pending && !last) return;
  stream_.downstream_peer = downstream_->info().mesh_peer.get();
  if (upstream) stream_.upstream_peer = upstream->mesh_peer.get();
  stream_.downstream_bytes = {.received = to_upstream_->bytes(),
                              .sent = to_downstream_ ? to_downstream_->written() : 0};
  for (size_t i = 0; i < report_states_.size(); ++i) chain_->filters[i]->report(stream_, last, report_states_[i]);
}

void TcpConnection::on_idle() {
  proxy_.stats->add(TcpStat::kIdleTimeout);
  close();
}

void TcpConnection::on_max_duration() {
  proxy_.stats->add(TcpStat::kMaxDurationReached);
  stream_.set(ResponseFlag::kDurationTimeout);
  close();
}

void TcpConnection::abort() { close(); }

void TcpConnection::close(Broken broken, bool ended) {
  if (std::exchange(closed_, true)) return;
  idle_timer_.stop();
  duration_timer_.stop();
  upstream::TcpWaiter::cancel();
  stream_.end = loop_.now();
  stream_.bytes_received = to_upstream_->bytes();
  stream_.bytes_sent = to_downstream_ ? to_downstream_->written() : 0;
  stream_.downstream_bytes = {.received = stream_.bytes_received, .sent = stream_.bytes_sent};
  stream_.upstream_bytes = {.received = to_downstream_ ? to_downstream_->bytes() : 0, .sent = to_upstream_->written()};
  proxy_.stats->add(TcpStat::kCxRxBytesTotal, static_cast<int64_t>(stream_.bytes_received));
  proxy_.stats->add(TcpStat::kCxTxBytesTotal, static_cast<int64_t>(stream_.bytes_sent));
  report_timer_.stop();
  report(true);
  for (const auto& log : proxy_.access_logs) log->log(stream_);
  // A broken side is passed on as a reset, so that nobody takes a cut stream for a whole one.
  downstream_->close(broken == Broken::kUpstream);
  if (upstream_) {
    upstream_->count_bytes(stream_.bytes_sent, to_upstream_->written());
    if (broken == Broken::kUpstream || ended) upstream_->closed_by_peer();
    upstream_->transport().close(broken == Broken::kDownstream);
  }
  if (tunnel_) tunnel_->close(broken == Broken::kDownstream);
  ListLink<>::unlink();
  for (const auto& filter : chain_->filters) filter->on_close();
  listener_.served_connection_closed(stream_.start);
  loop_.defer_delete(std::unique_ptr<net::Deferred>(this));
}

}  // namespace proa::proxy
