// What follows the outcome of an attempt: another one, or the answer. The story in serve.cc asks.
#include "proxy/downstream_connection.h"
#include "proxy/exchange.h"
#include "route/retry_decision.h"
#include "upstream/worker_cluster.h"

namespace proa::proxy {

using http::HeaderId;
using observe::ResponseFlag;
using route::RequestStat;
using upstream::ClusterStat;

namespace {

constexpr uint32_t kMaxReplays = 3;

}  // namespace

Exchange::Step Exchange::judge_outcome() {
  if (try_again() || attempt_->running() || give_way()) return Step::kWait;
  return Step::kAnswer;
}

bool Exchange::try_again() {
  Attempt& attempt = *attempt_;
  if (!attempt.running()) report_outcome(attempt);
  if (attempt.hedged()) return false;
  if (retry_cluster_ && attempt.response() && attempt.response()->status < 500) {
    retry_cluster_->stats().add(ClusterStat::kRqRetrySuccess);
    count(RequestStat::kRetrySuccess);
  }
  release_retry();
  const bool wanted = wants_retry(attempt);
  const bool may_retry = wanted && retries_done_ < retry_.retries;  // what the policy covers is a retry, and counted
  if (!may_retry && attempt.replayable() && replays_ < kMaxReplays && body_complete_for_replay()) {
    replay();
    return true;
  }
  if (!wanted || !body_complete_for_replay()) return false;
  if (!may_retry) {
    cluster_->stats().add(ClusterStat::kRqRetryLimitExceeded);
    count(RequestStat::kRetryLimitExceeded);
    info_.set(ResponseFlag::kUpstreamRetryLimitExceeded);
    return false;
  }
  if (!take_retry()) return false;
  prepare_retry(attempt);
  return true;
}

bool Exchange::wants_retry(Attempt& attempt) const {
  if (attempt.running()) return retry_.on != 0;  // its time is over: hedging
  if (attempt.response()) return route::should_retry(retry_, *attempt.response());
  if (attempt.timed_out() != AttemptTimeout::kNone) return route::should_retry_on_timeout(retry_);
  return route::should_retry(retry_, attempt.reset_reason(), attempt.request_sent());
}

/// The keep-alive race: the server closed before it began. Not a retry, and no pause.
void Exchange::replay() {
  ++replays_;
  --info_.upstream_attempts;
  cluster_->stats().add(ClusterStat::kRqPerCxReplayed);
  signals_.set(Signal::kBackoff);
}

/// Ends the attempt, or with hedging lets it go on, and starts the pause.
void Exchange::prepare_retry(Attempt& attempt) {
  ++retries_done_;
  http::ResponseHead* response = attempt.response();
  if (response) {
    observe::StatGroup& stats = cluster_->stats();
    stats.add(ClusterStat::kRqCompletedRetry);
    stats.count_status(static_cast<size_t>(upstream::ClusterStatus::kRetryRq), response->status);
  }
  const bool goes_on = attempt.running();
  if (route_->virtual_host->include_is_timeout_retry_header) {
    const AttemptTimeout timeout = attempt.timed_out();
    const bool by_timeout = goes_on || timeout == AttemptTimeout::kPerTry || timeout == AttemptTimeout::kPerTryIdle;
    request_.headers.set(HeaderId::kXEnvoyIsTimeoutRetry, by_timeout ? "true" : "false");
  }
  if (info_.upstream_local) info_.upstream_local = arena_->make<net::Address>(*info_.upstream_local);  // it outlives it
  const Milliseconds pause = route::retry_back_off(*retry_.policy, retries_done_, connection_.random());
  std::optional<Milliseconds> asked;
  if (response) {
    asked = route::rate_limited_back_off(*retry_.policy, *response, loop_.wall_now(), connection_.random());
  }
  pause_asked_ = asked.has_value();
  goes_on ? attempt.set_hedged() : attempt.cancel();
  backoff_timer_.start(loop_, asked.value_or(pause));
}

/// As Envoy, not before its pause is over: until then the route's time may end it.
void Exchange::count_retry() {
  observe::StatGroup& stats = retry_cluster_->stats();
  stats.add(ClusterStat::kRqRetry);
  stats.add(pause_asked_ ? ClusterStat::kRqRetryBackoffRatelimited : ClusterStat::kRqRetryBackoffExponential);
  count(RequestStat::kRetry);
}

/// One retry under way counts against the cluster's breaker or budget until its outcome is known.
bool Exchange::take_retry() {
  retry_cluster_ = cluster_->shared_cluster();
  if (retry_cluster_->take(priority(), upstream::Resource::kRetries)) return true;
  cluster_->stats().add(ClusterStat::kRqRetryOverflow);
  count(RequestStat::kRetryOverflow);
  info_.set(ResponseFlag::kUpstreamOverflow);
  retry_cluster_.reset();
  return false;
}

void Exchange::release_retry() {
  if (!retry_cluster_) return;
  retry_cluster_->release(priority(), upstream::Resource::kRetries);
  retry_cluster_.reset();
}

/// Once the client may have something of an attempt, another one could contradict it.
void Exchange::stop_retrying() {
  retry_.on = 0;
  release_retry();
  keep_body_ = forward_->internal_redirect.enabled;
}

/// For outlier detection.
void Exchange::report_outcome(Attempt& attempt) {
  upstream::Cluster& cluster = cluster_->cluster();
  using upstream::Outcome;
  if (attempt.response()) {
    cluster.report(attempt.host(), upstream::outcome_of_status(attempt.response()->status));
    if (attempt.response()->headers.has(HeaderId::kXEnvoyImmediateHealthCheckFail)) {
      cluster.fail_health_check(attempt.host());
    }
  } else if (attempt.timed_out() != AttemptTimeout::kNone) {
    count_attempt_timeout(attempt);
    if (attempt.timed_out() != AttemptTimeout::kMaxDuration) cluster.report(attempt.host(), Outcome::kTimeout);
  } else if (attempt.reset_reason() != http::ResetReason::kConnectFailure &&
             attempt.reset_reason() != http::ResetReason::kOverload) {
    cluster.report(attempt.host(), Outcome::kReset);  // failed connects are reported by the pool
  }
}

}  // namespace proa::proxy
