#include "proxy/exchange.h"

#include "http/grpc_status.h"
#include "proxy/downstream_connection.h"
#include "proxy/local_reply.h"
#include "proxy/mirror.h"
#include "proxy/upstream_failure.h"
#include "upstream/clusters.h"
#include "upstream/worker_cluster.h"

namespace proa::proxy {

using filters::LocalReply;
using http::HeaderId;
using http::ResetReason;
using net::Timer;
using observe::ResponseFlag;
using route::RequestStat;
using upstream::ClusterStat;

namespace {

/// Frees an exchange, which lives in the arena, at the end of the turn.
struct RetiredArena final : net::Deferred {
  explicit RetiredArena(std::unique_ptr<Arena> a) : arena(std::move(a)) {}
  std::unique_ptr<Arena> arena;
};

Milliseconds since(MonoTime start, MonoTime now) { return std::chrono::duration_cast<Milliseconds>(now - start); }

}  // namespace

Exchange& Exchange::start(DownstreamConnection& connection, http::ServerStream& stream, http::RequestHead& head,
                          std::unique_ptr<Arena> arena, bool end) {
  Arena& memory = *arena;
  Exchange& exchange = *memory.make<Exchange>(connection, stream, head, end);
  exchange.arena_ = std::move(arena);
  exchange.serve();
  return exchange;
}

Exchange::Exchange(DownstreamConnection& connection, http::ServerStream& stream, http::RequestHead& head, bool end)
    : connection_(connection),
      loop_(connection.loop()),
      manager_(connection.manager()),
      routes_(connection.routes()),
      down_(&stream),
      request_(head),
      buffer_limit_(manager_->request_buffer_limit),
      request_end_(end),
      idle_timeout_(manager_->stream_idle_timeout),
      idle_timer_(Timer::of<&Exchange::on_idle>(this)),
      request_timer_(Timer::of<&Exchange::on_request_timeout>(this)),
      route_timer_(Timer::of<&Exchange::on_route_timeout>(this)),
      duration_timer_(Timer::of<&Exchange::on_max_duration>(this)),
      backoff_timer_(Timer::of<&Exchange::on_back_off>(this)) {
  info_.downstream = &connection.info();
  info_.remote_address = &connection.info().remote;
  info_.filter_chain_name = connection.filter_chain_name();
  info_.request = &head;
  info_.protocol = head.version;
  info_.start = loop_.now();
  info_.start_wall = loop_.wall_now();
  if (end) info_.request_end = info_.start;
  info_.stream_id = connection.next_stream_id();
  info_.random = connection.random();
  stream.count_bytes(info_.downstream_bytes);
  connection.exchange_started(*this);
  observe::StatGroup& stats = *manager_->stats;
  stats.add(HttpStat::kRqTotal);
  stats.add(head.version == http::Version::kHttp2 ? HttpStat::kRqHttp2Total : HttpStat::kRqHttp1Total);
  stats.add(HttpStat::kRqActive);
  touch();
  if (!end) request_timer_.start(loop_, manager_->request_timeout);
  duration_timer_.start(loop_, manager_->max_stream_duration);
}

Exchange::~Exchange() = default;

upstream::Clusters& Exchange::clusters() { return connection_.clusters(); }

// ---- filters ----

std::shared_ptr<void>& Exchange::connection_slot(uint64_t key) { return connection_.slot(key); }

void Exchange::prepare_filters() {
  const filters::Chain& chain = manager_->chain;
  if (chain.size() == 0) return;
  slots_ = static_cast<void**>(arena_->allocate(chain.size() * sizeof(void*), alignof(void*)));
  std::fill_n(slots_, chain.size(), nullptr);
  const route::Route* route = this->route();
  enabled_ = static_cast<bool*>(arena_->allocate(chain.size(), 1));
  for (const auto& filter : chain.filters()) {
    bool enabled = !filter->disabled_by_default();
    if (route && !route->per_filter.empty()) {
      if (const route::PerFilterConfig* config = route->per_filter.find(filter->name())) enabled = !config->disabled;
    }
    enabled_[filter->index()] = enabled;
  }
}

bool Exchange::filter_enabled(const filters::Filter& filter) { return enabled_ && enabled_[filter.index()]; }

const route::PerFilterConfig* Exchange::per_filter(const filters::Filter& filter) {
  const route::Route* matched = route();
  return matched && !matched->per_filter.empty() ? matched->per_filter.find(filter.name()) : nullptr;
}

void Exchange::limit_request_buffer(size_t bytes) {
  buffer_limit_ = hard_limit_ ? std::min(buffer_limit_, bytes) : bytes;
  hard_limit_ = true;
}

void Exchange::resume() {
  if (filtering_data_) {
    resume_after_data_ = true;
  } else {
    signals_.set(Signal::kFilterResumed);
  }
}

void Exchange::respond(const LocalReply& reply) {
  if (finished_ || !down_) return;
  if (response_started_ || reply.drop) {
    info_.response_code_details = reply.details;
    drop_attempt();
    std::exchange(down_, nullptr)->reset(ResetReason::kLocalReset);
    return finish();
  }
  drop_attempt();
  local_reply_ = true;
  if (route_ && info_.upstream_cluster.empty()) note_cluster(*route_);
  ShapedReply shaped = shape_local_reply(manager_->local_replies, reply, info_, *arena_);
  if (route_) route_->response_headers.apply(shaped.head->headers, info_, *arena_);
  const bool end = shaped.body.empty();
  start_response(*shaped.head, end);
  if (!end && down_) {
    info_.bytes_sent += shaped.body.size();
    down_->send_data(shaped.body, true);
    finish_response();
  }
}

// ---- the client's stream ----

void Exchange::on_request_complete() {
  request_end_ = true;
  info_.request_end = loop_.now();
  request_timer_.stop();
  if (forward_) start_route_timer();
  if (!attempt_ || !attempt_->stream()) return;
  if (!attempt_->answering()) attempt_->start_per_try_timer(loop_, timeouts_.per_try);
  if (std::exchange(request_held_, false)) send_request(*attempt_);
}

void Exchange::on_reset(ResetReason reason, std::string_view details) {
  if (successor_) return successor_->on_reset(reason, details);
  down_ = nullptr;
  if (reason == ResetReason::kProtocolError) {
    info_.set(ResponseFlag::kDownstreamProtocolError);
    info_.response_code_details = details;
  } else if (reason == ResetReason::kRemoteReset) {
    info_.set(ResponseFlag::kDownstreamRemoteReset);
    info_.response_code_details = "http2.remote_reset";
    manager_->stats->add(HttpStat::kRqRxReset);
  } else {
    info_.set(ResponseFlag::kDownstreamConnectionTermination);
    info_.response_code_details = "downstream_remote_disconnect";
  }
  drop_attempt();
  finish();
}

// ---- the attempt ----

void Exchange::attempt_ready(Attempt& attempt, const net::ConnectionInfo& info, std::optional<http::Version> version) {
  count(RequestStat::kTotal);
  attempt.stream()->count_bytes(info_.upstream_bytes);
  note_connection(info, version);
  info_.upstream_first_tx = loop_.now();
  if (request_end_) attempt.start_per_try_timer(loop_, timeouts_.per_try);
  attempt.start_timers(loop_, timeouts_.per_try_idle,
                       timeouts_.upstream_duration.value_or(cluster_->cluster().http().max_stream_duration));
  if (!request_end_ && request_.headers.value(HeaderId::kContentLength) == "0") {
    // To an HTTP/1 server the head alone would be the whole request. It goes once the client has kept its word: DATA
    // in spite of the length is malformed, and then nothing may have been sent (RFC 9113 section 8.1.1).
    request_held_ = true;
    return;
  }
  send_request(attempt);
}

void Exchange::send_request(Attempt& attempt) {
  const bool end = request_end_ && body_.empty() && !request_trailers_;
  if (end) request_sent_completely_ = true;
  attempt.set_request_sent();
  attempt.stream()->send_request(request_, end);
  if (!end && (request_end_ || !body_.empty())) push_request_body();
  if (client_paused_ && attempt.stream()->writable()) pause_client(false);
}

void Exchange::attempt_failed(Attempt& attempt) {
  if (finished_ || !look_at(attempt)) return;
  if (!response_started_) return signals_.set(Signal::kOutcome);
  // The head is with the client: all that can be told is that the rest is missing.
  const MissingRest missing = describe_missing_rest(attempt, *arena_);
  info_.set(missing.flag);
  info_.response_code_details = missing.details;
  count_attempt_timeout(attempt);
  // As Envoy: only where success was still to be told, by gRPC's trailers.
  if (http::is_grpc(request_.headers) && attempt.response()->status < 500) {
    manager_->stats->add(HttpStat::kRqResetAfterDownstreamResponseStarted);
  }
  if (down_) std::exchange(down_, nullptr)->reset(ResetReason::kLocalReset);
  finish();
}

void Exchange::attempt_response(Attempt& attempt, http::ResponseHead&, bool) {
  if (over() || !look_at(attempt)) return;
  touch();
  info_.upstream_first_rx = loop_.now();
  signals_.set(Signal::kOutcome);
}

void Exchange::note_host(const upstream::Host& host) {
  info_.upstream_remote = &host.address();
  info_.upstream_host_name = host.hostname();
  info_.host_metadata = host.metadata();
}

void Exchange::note_connection(const net::ConnectionInfo& info, std::optional<http::Version> version) {
  info_.upstream_local = &info.local;
  info_.upstream_connection_id = info.id;
  info_.upstream_tls = info.tls;
  if (version) info_.upstream_protocol = *version;
}

void Exchange::note_upgrade() {
  upgraded_ = true;
  manager_->stats->add(HttpStat::kCxUpgradesTotal);
  manager_->stats->add(HttpStat::kCxUpgradesActive);
}

void Exchange::prepare_upstream_response(http::ResponseHead& head) {
  http::HeaderList& headers = head.headers;
  // The time that the upstream took is not known of an answer that did not wait for the whole request.
  if (!manager_->router.suppress_envoy_headers && request_end_) {
    const Milliseconds took = since(info_.request_end, loop_.now());
    headers.set(HeaderId::kXEnvoyUpstreamServiceTime, arena_->copy(std::to_string(took.count())));
  }
  if (route_->virtual_host->include_attempt_count_in_response) {
    headers.set(HeaderId::kXEnvoyAttemptCount, arena_->copy(std::to_string(info_.upstream_attempts)));
  }
  if (!hash_cookie_.set_cookie.empty()) headers.add(HeaderId::kSetCookie, hash_cookie_.set_cookie);
  route_->response_headers.apply(headers, info_, *arena_);
  count_upstream_response();
}

void Exchange::count_upstream_response() {
  observe::StatGroup& stats = cluster_->stats();
  count_upstream_status(stats, attempt_->response()->status);
  if (!request_end_ || !manager_->router.dynamic_stats) return;
  const auto took = static_cast<uint64_t>(since(info_.request_end, loop_.now()).count());
  stats.record(ClusterStat::kRqTime, took);
  stats.record(info_.internal_request ? ClusterStat::kRqTimeInternal : ClusterStat::kRqTimeExternal, took);
  for (observe::StatGroup* also : also_count_) {
    if (also) also->record(RequestStat::kTime, took);
  }
}

void Exchange::count_upstream_status(uint16_t status) {
  // Found again: a time-out may come while the exchange pauses between attempts.
  if (upstream::WorkerCluster* cluster = connection_.clusters().find(cluster_name_)) {
    count_upstream_status(cluster->stats(), status);
  }
}

void Exchange::count_upstream_status(observe::StatGroup& stats, uint16_t status) {
  if (info_.health_check || !manager_->router.dynamic_stats) return;  // probes are no traffic
  const bool internal = info_.internal_request;
  using upstream::ClusterStatus;
  stats.add(ClusterStat::kRqCompleted);
  stats.add(internal ? ClusterStat::kRqCompletedInternal : ClusterStat::kRqCompletedExternal);
  stats.count_status(static_cast<size_t>(ClusterStatus::kRq), status);
  stats.count_status(static_cast<size_t>(internal ? ClusterStatus::kInternalRq : ClusterStatus::kExternalRq), status);
  for (observe::StatGroup* also : also_count_) {
    if (!also) continue;
    also->add(RequestStat::kCompleted);
    also->count_status(0, status);
  }
}

void Exchange::count_attempt_timeout(const Attempt& attempt) {
  observe::StatGroup& stats = cluster_->stats();
  switch (attempt.timed_out()) {
    case AttemptTimeout::kPerTry: return stats.add(ClusterStat::kRqPerTryTimeout);
    case AttemptTimeout::kPerTryIdle: return stats.add(ClusterStat::kRqPerTryIdleTimeout);
    case AttemptTimeout::kMaxDuration: return stats.add(ClusterStat::kRqMaxDurationReached);
    case AttemptTimeout::kNone: return;
  }
}

void Exchange::send_continue() {
  request_.expect_continue = false;  // the origin is not asked
  if (request_end_) return;
  http::HeaderList none(*arena_);
  down_->send_informational(100, none);
  manager_->stats->count_status(0, 100);
}

void Exchange::drop_attempt() {
  if (attempt_) attempt_->cancel();
  drop_others();
}

// ---- time ----

void Exchange::start_route_timer() {
  if (timeouts_.global.count() > 0 && !upgraded_) route_timer_.start(loop_, timeouts_.global);
}

/// Whose time is up: the upstream's, or the client's, which has not sent all. Then HTTP/1 has no use for the rest.
void Exchange::respond_timeout(LocalReply reply) {
  reply.status = request_end_ ? 504 : 408;
  if (!request_end_ && down_ && request_.version != http::Version::kHttp2) down_->close_after_response();
  respond(reply);
}

void Exchange::on_idle() {
  manager_->stats->add(HttpStat::kRqIdleTimeout);
  info_.set(ResponseFlag::kStreamIdleTimeout);
  respond_timeout({.body = "stream timeout", .details = "stream_idle_timeout"});
}

void Exchange::on_request_timeout() {
  manager_->stats->add(HttpStat::kRqTimeout);
  respond_timeout({.body = "request timeout", .details = "request_overall_timeout"});
}

void Exchange::on_route_timeout() {
  for (Attempt* other : others_) report_cut_short(*other);
  if (attempt_ && attempt_->under_way()) report_cut_short(*attempt_);  // between two of them, nobody was slow
  info_.set(ResponseFlag::kUpstreamRequestTimeout);
  respond({.status = timeout_status(),
           .body = alternative_timeout_ ? "" : "upstream request timeout",
           .details = "response_timeout"});
}

/// An attempt that the route's time-out ends.
void Exchange::report_cut_short(Attempt& attempt) {
  cluster_->stats().add(ClusterStat::kRqTimeout);
  count(RequestStat::kTimeout);
  if (attempt.response()) return;
  if (!attempt.slow()) cluster_->cluster().report(attempt.host(), upstream::Outcome::kTimeout);  // else it was told
  if (!attempt.answering()) count_upstream_status(timeout_status());
}

void Exchange::on_max_duration() {
  manager_->stats->add(HttpStat::kRqMaxDurationReached);
  respond_timeout({.body = "downstream duration timeout",
                   .details = "max_duration_timeout",
                   .grpc_status = static_cast<int>(http::GrpcStatus::kDeadlineExceeded)});
}

// ---- the end ----

void Exchange::finish() {
  if (std::exchange(finished_, true)) return;
  for (Timer* timer : {&idle_timer_, &request_timer_, &route_timer_, &duration_timer_, &backoff_timer_}) timer->stop();
  drop_attempt();
  release_retry();
  if (mirrors_) mirrors_->release();
  info_.end = loop_.now();
  const filters::Chain& chain = manager_->chain;
  if (chain.wants().complete && enabled_) {
    for (const auto& filter : chain.filters()) {
      if (filter->wants().complete && filter_enabled(*filter)) filter->on_complete(*this);
    }
  }
  observe::StatGroup& stats = *manager_->stats;
  stats.sub(HttpStat::kRqActive);
  if (upgraded_) stats.sub(HttpStat::kCxUpgradesActive);
  if (info_.health_check) {
    stats.add(HttpStat::kTracingHealthCheck);       // and nothing else: probes are no traffic
  } else if (info_.response_code && !successor_) {  // the client saw nothing of a redirect that was followed
    stats.add(HttpStat::kRqCompleted);
    stats.count_status(0, info_.response_code);
    stats.record(HttpStat::kRqTime, static_cast<uint64_t>(since(info_.start, info_.end).count()));
  }
  info_.access_log_type = "DownstreamEnd";
  for (const auto& log : manager_->access_logs) log->log(info_);
  if (trace_) trace_->finish(route_);
  connection_.exchange_finished(*this);
  signals_.set(Signal::kOver);  // ends the story if it waits
  if (successor_) {
    successor_->before_ = std::move(arena_);
  } else {
    loop_.defer_delete(std::make_unique<RetiredArena>(std::move(arena_)));
  }
}

}  // namespace proa::proxy
