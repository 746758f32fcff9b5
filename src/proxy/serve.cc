// The story of a request: accept, filter, route, choose, forward, answer. retry.cc tells what follows an attempt.
#include "http/grpc_status.h"
#include "http/uri.h"
#include "observe/metadata.h"
#include "proxy/accept_request.h"
#include "proxy/downstream_connection.h"
#include "proxy/exchange.h"
#include "proxy/mirror.h"
#include "proxy/transport_options.h"
#include "proxy/upstream_failure.h"
#include "route/redirect.h"
#include "route/rewrite.h"
#include "route/strict_headers.h"
#include "upstream/clusters.h"
#include "upstream/http_pool.h"
#include "upstream/worker_cluster.h"

namespace proa::proxy {

using filters::LocalReply;
using filters::Verdict;
using http::HeaderId;
using observe::ResponseFlag;
using upstream::ClusterStat;

net::Detached Exchange::serve() {
  if (const observe::Metadata* metadata = connection_.metadata()) observe::mutable_metadata(info_, *arena_) = *metadata;
  // 1. One canonical form of the request, before anything looks at it.
  auto refusal = redirects_ ? accept_redirected(*manager_, request_, *arena_)
                            : accept_request(*manager_, *routes_, request_, info_, client_address_, *arena_,
                                             connection_.random(), connection_.random());
  if (refusal) {
    // Nothing after a refused head is worth trusting: HTTP/1 ends the connection. The frames of HTTP/2 say by
    // themselves where the next request begins.
    if (refusal->status == 400 && request_.version != http::Version::kHttp2) down_->close_after_response();
    respond(*refusal);
    co_return;
  }
  if (request_.expect_continue && !manager_->proxy_100_continue) send_continue();
  if (manager_->tracer) {
    trace_ = RequestTrace::begin(*manager_->tracer, request_, info_, connection_.worker(), *arena_);
  }

  // 2. The filters, in order. Each lets it pass, answers, or makes it wait.
  prepare_filters();
  const auto& filters = manager_->chain.filters();
  for (; request_position_ < filters.size(); ++request_position_) {
    const filters::Filter& filter = *filters[request_position_];
    if (!filter_enabled(filter)) continue;
    if (filter.on_request(*this, request_end_ && body_.empty()) == Verdict::kWait) {
      co_await signals_.wait(Signal::kFilterResumed);
    }
    if (over()) co_return;
    if (filter.wants().request_data && !body_.empty()) {
      filter.on_request_data(*this, body_, request_end_);
      if (over()) co_return;
    }
    if (redirects_ && request_trailers_ && filter.wants().request_trailers) {
      filter.on_request_trailers(*this, *request_trailers_);
      if (over()) co_return;
    }
  }
  filters_passed_ = true;

  // 3. The route: an answer of its own, or a cluster.
  if (!choose_cluster()) co_return;

  // 4. Attempts, until one gives the response.
  prepare_upstream_request();
  if (!forward_->mirrors.empty()) start_mirrors();
  Step step = Step::kAttempt;
  while (step == Step::kAttempt && start_attempt()) {
    do {
      const Signal signal = co_await signals_.wait(Signal::kOutcome, Signal::kBackoff);
      if (over()) co_return;
      step = signal == Signal::kBackoff ? Step::kAttempt : judge_outcome();
    } while (step == Step::kWait);
  }
  if (over()) co_return;
  drop_others();

  // 5. The answer. Bodies flow by themselves from here on (relay.cc).
  if (attempt_ && attempt_->response()) {
    if (forward_->internal_redirect.enabled && follow_redirect()) co_return;
    if (would_pass_for_upgraded(*attempt_->response())) {
      info_.set(ResponseFlag::kUpstreamProtocolError);
      respond({.status = 502, .details = "upgrade_not_accepted"});
      co_return;
    }
    start_response(*attempt_->response(), attempt_->response_end());
  } else if (attempt_) {
    give_up();
  }
}

const route::Route* Exchange::route() {
  if (!route_known_) {
    route_known_ = true;
    std::string_view host = http::canonical_authority(request_.authority, {}, *arena_);
    route_ = routes_->match(
        {.request = request_, .host = host, .info = info_, .random = info_.random, .runtime = connection_.runtime()});
    if (route_) {
      info_.route_name = route_->name;
      info_.virtual_host_name = route_->virtual_host->name;
      info_.route_metadata = route_->metadata.get();
    }
  }
  return route_;
}

/// What a filter that answers logs as %UPSTREAM_CLUSTER%: where the request would have gone.
void Exchange::note_cluster(const route::Route& route) {
  if (!route.forward()) return;
  std::string_view name = route::cluster_of(route, request_);
  upstream::WorkerCluster* cluster = connection_.clusters().find(name);
  if (!cluster) return;
  info_.upstream_cluster_raw = name;
  info_.upstream_cluster = cluster->cluster().stat_name();
}

void Exchange::clear_route() {
  route_known_ = false;
  route_ = nullptr;
}

bool Exchange::choose_cluster() {
  const route::Route* route = this->route();
  if (route && route->forward() && wants_upgrade()) {
    if (!upgrade_allowed(*route->forward())) {
      manager_->stats->add(HttpStat::kRqWsOnNonWsRoute);
      respond({.status = 403, .details = "upgrade_failed"});
      return false;
    }
    note_upgrade();
  }
  manager_->stats->add(HttpStat::kRqTotalRouted);
  if (!route) {
    info_.set(ResponseFlag::kNoRouteFound);
    manager_->stats->add(HttpStat::kNoRoute);
    respond({.status = 404, .details = "route_not_found"});
    return false;
  }
  if (const route::Redirect* redirect = route->redirect()) {
    manager_->stats->add(HttpStat::kRqDirectResponse);
    http::HeaderList headers(*arena_);
    headers.add(HeaderId::kLocation, route::redirect_location(*route, request_, *arena_));
    respond({.status = redirect->code, .details = "direct_response", .headers = &headers});
    return false;
  }
  if (const route::DirectResponse* direct = route->direct_response()) {
    manager_->stats->add(HttpStat::kRqDirectResponse);
    http::HeaderList headers(*arena_);
    if (!direct->content_type.empty()) headers.add(HeaderId::kContentType, direct->content_type);
    respond({.status = direct->status,
             .body = route::direct_body(*direct, info_, *arena_),
             .details = "direct_response",
             .headers = &headers});
    return false;
  }
  forward_ = route->forward();
  if (!forward_) {
    info_.set(ResponseFlag::kNoRouteFound);
    respond({.status = 404, .details = "route_not_found"});
    return false;
  }
  cluster_name_ = route::cluster_of(*route, request_);
  cluster_ = cluster_name_.empty() ? nullptr : connection_.clusters().find(cluster_name_);
  if (!cluster_) {
    info_.set(ResponseFlag::kNoClusterFound);
    manager_->stats->add(HttpStat::kNoCluster);
    respond({.status = forward_->cluster_not_found_code, .details = "cluster_not_found"});
    return false;
  }
  info_.upstream_cluster_raw = cluster_name_;
  info_.upstream_cluster = cluster_->cluster().stat_name();
  info_.cluster_metadata = cluster_->spec().metadata.get();
  note_virtual_cluster(*route);
  if (const http::Header* header = route::find_malformed(manager_->router.strict_headers, request_.headers)) {
    info_.set(ResponseFlag::kInvalidEnvoyRequestHeaders);
    if (request_.version != http::Version::kHttp2) down_->close_after_response();  // as after any refused head
    respond({.status = 400,
             .body = arena_->concat("invalid header '", header->name, "' with value '", header->value, "'"),
             .details = arena_->concat("request_headers_failed_strict_check{", header->name, "}")});
    return false;
  }
  return !in_maintenance();
}

/// Who counts this request beside its cluster.
void Exchange::note_virtual_cluster(const route::Route& route) {
  if (const auto* virtual_cluster = route::virtual_cluster_of(*route.virtual_host, request_)) {
    info_.virtual_cluster_name = virtual_cluster->name;
    also_count_[0] = virtual_cluster->stats.get();
  }
  also_count_[1] = route.stats.get();
}

/// An operator has taken the cluster out of service by the runtime.
bool Exchange::in_maintenance() {
  const route::Runtime* runtime = connection_.runtime();
  if (!runtime) return false;
  auto share = runtime->share(arena_->concat("upstream.maintenance_mode.", cluster_name_));
  if (!share || connection_.random() % share->denominator >= share->numerator) return false;
  cluster_->stats().add(ClusterStat::kRqMaintenanceMode);
  info_.set(ResponseFlag::kUpstreamOverflow);
  refuse_overloaded({.status = 503, .body = "maintenance mode", .details = "maintenance_mode"});
  return true;
}

void Exchange::refuse_overloaded(LocalReply reply) {
  http::HeaderList headers(*arena_);
  if (!manager_->router.suppress_envoy_headers) {
    headers.add(HeaderId::kXEnvoyOverloaded, "true");
    reply.headers = &headers;
  }
  count_upstream_status(reply.status);
  respond(reply);
}

void Exchange::prepare_upstream_request() {
  const RouterOptions& router = manager_->router;
  timeouts_ = route::request_timeouts(*route_, request_, router.respect_expected_rq_timeout);
  retry_ = route::request_retry(forward_->retry ? &*forward_->retry : nullptr, request_);
  keep_body_ = retry_.enabled() || forward_->internal_redirect.enabled;
  keep_limit_ = std::min(buffer_limit_, static_cast<size_t>(route_->request_body_buffer_limit.value_or(buffer_limit_)));
  alternative_timeout_ = request_.headers.has(HeaderId::kXEnvoyUpstreamRqTimeoutAltResponse);
  tried_.use(retry_.policy);
  if (timeouts_.idle_set) {
    idle_timeout_ = timeouts_.idle;
    touch();
  }
  if (timeouts_.max_stream_set) duration_timer_.start(loop_, timeouts_.max_stream_duration);
  grpc_timeout_ = request_.headers.value(HeaderId::kGrpcTimeout);
  route::write_grpc_maximum(*route_, request_, *arena_);
  request_.headers.remove_if([](const http::Header& header) {
    switch (header.id) {
      case HeaderId::kXEnvoyRetryOn:
      case HeaderId::kXEnvoyRetryGrpcOn:
      case HeaderId::kXEnvoyMaxRetries:
      case HeaderId::kXEnvoyUpstreamRqTimeoutMs:
      case HeaderId::kXEnvoyUpstreamRqPerTryTimeoutMs:
      case HeaderId::kXEnvoyUpstreamStreamDurationMs:
      case HeaderId::kXEnvoyUpstreamRqTimeoutAltResponse:
      case HeaderId::kXEnvoyHedgeOnPerTryTimeout:
      case HeaderId::kXEnvoyRetriableStatusCodes:
      case HeaderId::kXEnvoyRetriableHeaderNames:
      case HeaderId::kXEnvoyUpstreamAltStatName: return true;
      default: return false;
    }
  });
  hash_ = route::request_hash(forward_->hash_policies, request_, info_, *arena_, &hash_cookie_);
  route::rewrite_request(request_, *route_, info_, *arena_, !router.suppress_envoy_headers);
  if (request_end_) start_route_timer();
}

void Exchange::start_mirrors() {
  if (wants_upgrade()) return;  // no end to compare
  WorkerContext& worker = connection_.worker();
  const bool head_only = request_end_ && body_.empty() && !request_trailers_;
  mirrors_ = MirrorSet::start({.mirrors = worker.mirrors(),
                               .loop = loop_,
                               .clusters = connection_.clusters(),
                               .info = info_,
                               .trace = trace_,
                               .runtime = connection_.runtime(),
                               .buffer_limit = keep_limit_,
                               .envoy_headers = !manager_->router.suppress_envoy_headers},
                              *route_, timeouts_, request_, head_only, *arena_);
  if (mirrors_ && !head_only) mirror(body_);
}

bool Exchange::start_attempt() {
  // Found again for each attempt: the cluster may have been replaced while this exchange paused.
  cluster_ = connection_.clusters().find(cluster_name_);
  if (!cluster_) {
    info_.set(ResponseFlag::kNoClusterFound);
    respond({.status = forward_->cluster_not_found_code, .details = "cluster_not_found"});
    return false;
  }
  upstream::LbContext context;
  context.hash = hash_;
  context.subset = subset_criteria();
  context.request = &request_;
  context.downstream = info_.downstream;
  context.now = loop_.now();
  if (info_.downstream->local_restored) context.original_destination = &info_.downstream->local;
  if (tried_.active()) {
    context.filter = &tried_;
    context.filter_attempts = retry_.policy->host_selection_max_attempts;
  }
  if (retry_cluster_) count_retry();
  if (trace_) trace_->before_attempt(*route_, attempt_ && attempt_->response() ? attempt_->response()->status : 0);
  ++info_.upstream_attempts;
  upstream::HostRef host = cluster_->choose(context);
  if (!host) return no_upstream();
  if (retry_.enabled()) tried_.add(host);
  Milliseconds elapsed{0};
  if (request_end_) elapsed = std::chrono::duration_cast<Milliseconds>(loop_.now() - info_.request_end);
  route::write_timeouts(*route_, timeouts_, elapsed, !manager_->router.suppress_envoy_headers, request_, *arena_);
  if (route_->virtual_host->include_request_attempt_count) {
    request_.headers.set(HeaderId::kXEnvoyAttemptCount, arena_->copy(std::to_string(info_.upstream_attempts)));
  }
  route::rewrite_host_for_endpoint(request_, *route_, host->hostname(), *arena_,
                                   !manager_->router.suppress_envoy_headers);
  auto options = transport_options(cluster_->spec(), request_, info_);
  upstream::HttpPool* pool = nullptr;
  if (!ends_tunnel()) {
    pool =
        cluster_->http_pool(*host, {.protocol = upstream::pool_protocol(cluster_->cluster().http(), request_.version),
                                    .priority = priority(),
                                    .options = options});
    if (!pool) return no_upstream();
  }
  note_host(*host);
  if (attempt_ && attempt_->running()) others_.push_back(attempt_);
  body_sent_ = 0;
  request_sent_completely_ = false;
  attempt_ = arena_->make<Attempt>(*this, std::move(host));
  pool ? attempt_->start(*pool) : attempt_->start_tcp(*cluster_, std::move(options), priority(), tunnel_preamble());
  return true;
}

/// No host, or no pool for it: Envoy tells both in the same words.
bool Exchange::no_upstream() {
  info_.set(ResponseFlag::kNoHealthyUpstream);
  count_upstream_status(503);
  respond({.status = 503, .body = "no healthy upstream", .details = "no_healthy_upstream"});
  return false;
}

/// Only routes with metadata_match pay for it.
const upstream::SubsetCriteria* Exchange::subset_criteria() {
  if (!route_->metadata_match) return nullptr;
  const nlohmann::json* wanted = route_->metadata_match->find("envoy.lb", {});
  if (!wanted || !wanted->is_object()) return nullptr;
  upstream::SubsetValues values;
  for (const auto& [key, value] : wanted->items()) {
    values.emplace_back(key, value.dump());
  }
  return arena_->make<upstream::SubsetCriteria>(std::move(values));
}

upstream::RoutingPriority Exchange::priority() const {
  return forward_->priority == route::Priority::kHigh ? upstream::RoutingPriority::kHigh
                                                      : upstream::RoutingPriority::kDefault;
}

void Exchange::give_up() {
  UpstreamFailure failure = describe_failure(*attempt_, retries_done_ > 0, *arena_);
  info_.set(failure.flag);
  if (failure.protocol_error) info_.set(ResponseFlag::kUpstreamProtocolError);
  LocalReply reply{.status = failure.status, .body = failure.body, .details = failure.details};
  // Its upstream ran out of the same time: "unavailable" would invite the client to try again.
  if (attempt_->timed_out() == AttemptTimeout::kNone && http::is_grpc(request_.headers) &&
      http::grpc_deadline_passed(grpc_timeout_, loop_.now() - info_.start)) {
    reply.grpc_status = static_cast<int>(http::GrpcStatus::kDeadlineExceeded);
  }
  if (failure.timeout && alternative_timeout_) {
    reply.status = timeout_status();
    reply.body = {};
  }
  if (!failure.host_known) {
    info_.upstream_remote = nullptr;
    info_.upstream_host_name = {};
  }
  if (failure.overflow) return refuse_overloaded(reply);
  if (attempt_->timed_out() != AttemptTimeout::kMaxDuration && !attempt_->answering()) {
    count_upstream_status(reply.status);
  }
  respond(reply);
}

}  // namespace proa::proxy
