#include "proxy/mirror.h"

#include "http/copy_head.h"
#include "http/uri.h"
#include "proxy/request_trace.h"
#include "proxy/span_tags.h"
#include "proxy/transport_options.h"
#include "route/route_table.h"
#include "upstream/clusters.h"
#include "upstream/connection.h"

namespace proa::proxy {

using http::HeaderId;
using http::ResetReason;
using observe::ResponseFlag;
using upstream::ClusterStat;

std::string shadow_authority(std::string_view authority) {
  const std::string_view host = http::without_port(authority);
  return std::string(host) + "-shadow" + std::string(authority.substr(host.size()));
}

Mirrors::~Mirrors() {
  while (Mirror* mirror = list_.pop_front()) mirror->abandon(ResetReason::kLocalReset);
}

// ---- one copy ----

Mirror::Mirror(Mirrors& owner, net::Loop& loop, std::unique_ptr<Arena> arena, http::RequestHead& head,
               const Options& options)
    : owner_(owner),
      loop_(loop),
      arena_(std::move(arena)),
      head_(head),
      buffer_limit_(options.buffer_limit),
      timeout_(options.timeout),
      timer_(net::Timer::of<&Mirror::on_timeout>(this)),
      end_(options.end) {
  owner_.list_.push_back(*this);
}

Mirror::~Mirror() {
  PoolWaiter::cancel();
  if (stream_) stream_->reset(ResetReason::kLocalReset);
}

void Mirror::trace(std::unique_ptr<CopySpan> span) { span_ = std::move(span); }

void Mirror::start(upstream::WorkerCluster& cluster, const net::ConnectionInfo& client) {
  cluster_ = cluster.shared_cluster();
  upstream::LbContext context;
  context.request = &head_;
  context.now = loop_.now();
  host_ = cluster.choose(context);
  if (!host_) return fail(503, ResponseFlag::kNoHealthyUpstream);
  timer_.start(loop_, timeout_);
  upstream::HttpPool* pool =
      cluster.http_pool(*host_, {.protocol = upstream::pool_protocol(cluster_->http(), head_.version),
                                 .options = transport_options(cluster.spec(), head_, client)});
  pool ? pool->acquire(*this) : on_failed(upstream::PoolFailure::kOverflow, "overflow");
}

bool Mirror::send(std::string_view data, bool end) {
  if (over_) return true;
  end_ = end;
  body_.append(data);
  flush();
  if (body_.size() <= buffer_limit_) return true;
  abandon(ResetReason::kLocalReset);
  return false;
}

void Mirror::send_trailers(const http::HeaderList& trailers) {
  if (over_) return;
  end_ = true;
  trailers_ = arena_->make<http::HeaderList>(http::copy_headers(trailers, *arena_));
  flush();
}

void Mirror::release() {
  fed_ = false;
  if (over_) return loop_.defer_delete(std::unique_ptr<net::Deferred>(this));
  if (!end_) abandon(ResetReason::kLocalReset);  // half a request is nothing to compare with
}

void Mirror::on_ready(upstream::Connection& connection) {
  version_ = connection.version();
  stream_ = &connection.open(*this, *arena_);
  sent_end_ = end_ && body_.empty() && !trailers_;
  stream_->send_request(head_, sent_end_);
  flush();
}

void Mirror::flush() {
  if (!stream_ || sent_end_) return;
  while (!body_.empty() && stream_->writable()) {
    const std::string_view piece = body_.front();
    sent_end_ = end_ && !trailers_ && piece.size() == body_.size();
    stream_->send_data(piece, sent_end_);
    body_.drain(piece.size());
  }
  if (!end_ || sent_end_ || !body_.empty()) return;
  sent_end_ = true;
  trailers_ ? stream_->send_trailers(*trailers_) : stream_->send_data({}, true);
}

void Mirror::on_failed(upstream::PoolFailure failure, std::string_view) {
  const bool overflow =
      failure == upstream::PoolFailure::kOverflow || failure == upstream::PoolFailure::kPendingOverflow;
  fail(503, overflow ? ResponseFlag::kUpstreamOverflow : ResponseFlag::kUpstreamConnectionFailure);
}

void Mirror::on_response(http::ResponseHead& head, bool end) {
  count(head.status);
  if (end) abandon(ResetReason::kNone);
}

void Mirror::on_data(std::string_view, bool end) {
  if (end) abandon(ResetReason::kNone);
}

void Mirror::on_trailers(http::HeaderList&) { abandon(ResetReason::kNone); }

void Mirror::on_reset(ResetReason reason, std::string_view) {
  stream_ = nullptr;
  fail(503, reason == ResetReason::kConnectionClosed ? ResponseFlag::kUpstreamConnectionTermination
                                                     : ResponseFlag::kUpstreamRemoteReset);
}

void Mirror::on_timeout() {
  cluster_->stats().add(ClusterStat::kRqTimeout);
  if (http::ClientStream* stream = std::exchange(stream_, nullptr)) stream->reset(ResetReason::kLocalReset);
  fail(504, ResponseFlag::kUpstreamRequestTimeout);
}

void Mirror::fail(uint16_t status, ResponseFlag why) {
  flags_.set(static_cast<size_t>(why));
  count(status);
  finish();
}

// Neither internal nor external: nobody asked.
void Mirror::count(uint16_t status) {
  status_ = status;
  cluster_->stats().add(ClusterStat::kRqCompleted);
  cluster_->stats().count_status(static_cast<size_t>(upstream::ClusterStatus::kRq), status);
}

// After the end of both messages the codec has forgotten the stream.
void Mirror::abandon(ResetReason reason) {
  http::ClientStream* stream = std::exchange(stream_, nullptr);
  if (stream && (reason != ResetReason::kNone || !sent_end_)) stream->reset(reason);
  finish();
}

void Mirror::finish() {
  if (std::exchange(over_, true)) return;
  timer_.stop();
  PoolWaiter::cancel();
  if (span_) end_span();
  body_.clear();
  ListLink<>::unlink();
  if (!fed_) loop_.defer_delete(std::unique_ptr<net::Deferred>(this));
}

/// As Envoy's: no custom tags, no events.
void Mirror::end_span() {
  static const Tracer kPlain;
  observe::StreamInfo info;
  info.upstream_cluster_raw = cluster_->spec().name;
  info.upstream_cluster = cluster_->stat_name();
  info.upstream_protocol = version_;
  info.flags = flags_;
  if (host_) info.upstream_remote = &host_->address();
  span_->span.end = loop_.wall_now();
  add_attempt_tags(kPlain, info, status_, span_->span);
  span_->exporters.submit(span_->exporter, span_->span);
  span_.reset();
}

// ---- those of one request ----

namespace {

void change_copy(const route::MirrorPolicy& policy, const MirrorSet::Context& context, http::RequestHead& head,
                 Arena& arena) {
  if (!policy.host_rewrite.empty()) {
    head.authority = arena.copy(policy.host_rewrite);
  } else if (policy.append_shadow_suffix) {
    head.authority = arena.copy(shadow_authority(head.authority));
  }
  if (policy.headers.empty()) return;
  policy.headers.apply(head.headers, context.info, arena);
  // Names are slices of the configuration, which the copy may outlive.
  head.headers = http::copy_headers(head.headers, arena);
}

}  // namespace

MirrorSet* MirrorSet::start(const Context& context, const route::Route& route, const route::Timeouts& timeouts,
                            const http::RequestHead& request, bool end, Arena& arena) {
  MirrorSet* set = nullptr;
  for (const route::MirrorPolicy& policy : route.forward()->mirrors) {
    if (policy.fraction && !policy.fraction->includes(context.info.random, context.runtime)) continue;
    std::string_view name = policy.cluster;
    if (name.empty()) {
      const http::Header* header = request.headers.find(policy.cluster_header);
      if (header) name = header->value;
    }
    upstream::WorkerCluster* cluster = name.empty() ? nullptr : context.clusters.find(name);
    if (!cluster) continue;  // as Envoy: no reason to fail the request
    auto memory = std::make_unique<Arena>();
    http::RequestHead& head = http::copy_head(request, *memory);
    change_copy(policy, context, head, *memory);
    auto span = context.trace ? context.trace->begin_copy(head, policy.trace_sampled) : nullptr;
    route::write_timeouts(route, timeouts, Milliseconds(0), context.envoy_headers, head, *memory);
    auto* mirror = new Mirror(context.mirrors, context.loop, std::move(memory), head,
                              {.timeout = timeouts.global, .buffer_limit = context.buffer_limit, .end = end});
    if (!set) set = arena.make<MirrorSet>();
    set->mirrors_.push_back(mirror);
    mirror->trace(std::move(span));
    mirror->start(*cluster, *context.info.downstream);
  }
  return set;
}

void MirrorSet::release() {
  for (Mirror* mirror : mirrors_) mirror->release();
  mirrors_.clear();
}

bool MirrorSet::send(std::string_view data, bool end) {
  bool all = true;
  for (Mirror* mirror : mirrors_) all = mirror->send(data, end) && all;
  return all;
}

void MirrorSet::send_trailers(const http::HeaderList& trailers) {
  for (Mirror* mirror : mirrors_) mirror->send_trailers(trailers);
}

}  // namespace proa::proxy
