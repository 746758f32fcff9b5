#include "upstream/outlier_detector.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "net/loop.h"
#include "upstream/event_log.h"
#include "upstream/lb/random.h"

namespace proa::upstream {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// True for the report that completes a row of `limit`; counts exactly once per row.
bool one_more(std::atomic<uint32_t>& row, uint32_t limit) { return row.fetch_add(1, kRelaxed) + 1 == limit; }

// A store only when needed: in good times the line stays clean.
void reset(std::atomic<uint32_t>& row) {
  if (row.load(kRelaxed) != 0) row.store(0, kRelaxed);
}

std::string timestamp(WallTime time) {
  auto ms = std::chrono::duration_cast<Milliseconds>(time.time_since_epoch()).count();
  std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + size, sizeof text - size, ".%03dZ", static_cast<int>(ms % 1000));
  return text;
}

using Names = std::pair<std::string_view, std::pair<ClusterStat, ClusterStat>>;
constexpr Names kCauses[] = {
    {"CONSECUTIVE_5XX", {ClusterStat::kOdDetected5xx, ClusterStat::kOdEnforced5xx}},
    {"CONSECUTIVE_GATEWAY_FAILURE", {ClusterStat::kOdDetectedGateway, ClusterStat::kOdEnforcedGateway}},
    {"CONSECUTIVE_LOCAL_ORIGIN_FAILURE", {ClusterStat::kOdDetectedLocal, ClusterStat::kOdEnforcedLocal}},
    {"SUCCESS_RATE", {ClusterStat::kOdDetectedSuccessRate, ClusterStat::kOdEnforcedSuccessRate}},
    {"SUCCESS_RATE_LOCAL_ORIGIN", {ClusterStat::kOdDetectedLocalSuccessRate, ClusterStat::kOdEnforcedLocalSuccessRate}},
    {"FAILURE_PERCENTAGE", {ClusterStat::kOdDetectedFailurePercentage, ClusterStat::kOdEnforcedFailurePercentage}},
    {"FAILURE_PERCENTAGE_LOCAL_ORIGIN",
     {ClusterStat::kOdDetectedLocalFailurePercentage, ClusterStat::kOdEnforcedLocalFailurePercentage}},
};

}  // namespace

OutlierDetector::OutlierDetector(Cluster& cluster) : cluster_(cluster), spec_(*cluster.spec().outlier) {}

OutlierDetector::~OutlierDetector() = default;

void OutlierDetector::report(Host& host, Outcome outcome) {
  if (!host.outlier) return;
  OutlierCounters& counters = *host.outlier;
  const bool split = spec_.split_external_local_origin_errors;
  const bool local = outcome == Outcome::kConnectFailed || outcome == Outcome::kTimeout || outcome == Outcome::kReset;
  if (split) {
    counters.local_requests.fetch_add(1, kRelaxed);
    if (local) {
      if (one_more(counters.consecutive_local, spec_.consecutive_local_origin_failure)) {
        tripped(HostRef(&host), Cause::kConsecutiveLocal);
      }
      return;
    }
    counters.local_successes.fetch_add(1, kRelaxed);
    reset(counters.consecutive_local);
  }
  counters.requests.fetch_add(1, kRelaxed);
  if (outcome == Outcome::kSuccess) {
    counters.successes.fetch_add(1, kRelaxed);
    reset(counters.consecutive_5xx);
    reset(counters.consecutive_gateway);
    return;
  }
  // Local origin failures count as 5xx: 503 for a connection that failed or was reset, 504 for a time-out.
  if (outcome == Outcome::kServerError) {
    reset(counters.consecutive_gateway);
  } else if (one_more(counters.consecutive_gateway, spec_.consecutive_gateway_failure)) {
    tripped(HostRef(&host), Cause::kConsecutiveGateway);
  }
  if (one_more(counters.consecutive_5xx, spec_.consecutive_5xx)) tripped(HostRef(&host), Cause::kConsecutive5xx);
}

void OutlierDetector::tripped(HostRef host, Cause cause) {
  auto judge = [host, cause, weak = cluster_.weak_from_this()] {
    auto cluster = weak.lock();
    if (!cluster) return;
    OutlierDetector& self = *cluster->outlier_detector();
    auto at = self.hosts_.find(host.get());
    if (!self.started_ || at == self.hosts_.end()) return;
    OutlierCounters& counters = *host->outlier;
    // The row starts again, whether the host is ejected or not.
    auto& row = cause == Cause::kConsecutive5xx       ? counters.consecutive_5xx
                : cause == Cause::kConsecutiveGateway ? counters.consecutive_gateway
                                                      : counters.consecutive_local;
    row.store(0, kRelaxed);
    self.eject(at->second, cause, -1, -1, -1);
  };
  cluster_.context().main_loop->post(std::move(judge));
}

void OutlierDetector::start() {
  started_ = true;
  log_ = EventLog::open(spec_.event_log_path);
  timer_ = std::make_unique<net::Timer>(net::Timer::of<&OutlierDetector::on_interval>(this));
  timer_->start(*cluster_.context().main_loop, spec_.interval);
}

void OutlierDetector::stop() {
  started_ = false;
  timer_.reset();
  log_.reset();
  hosts_.clear();
}

void OutlierDetector::hosts_changed() {
  if (!started_) return;
  std::unordered_map<Host*, State> now;
  for (const HostSet::Member& member : cluster_.members()) {
    auto at = hosts_.find(member.host.get());
    State& state = now[member.host.get()];
    if (at != hosts_.end()) {
      state = std::move(at->second);
      hosts_.erase(at);
    } else {
      state.host = member.host;
    }
  }
  for (auto& [host, state] : hosts_) {  // gone
    if (!state.ejected) continue;
    --ejected_;
    cluster_.stats().sub(ClusterStat::kOdEjectionsActive);
  }
  hosts_ = std::move(now);
}

uint32_t OutlierDetector::enforcing(Cause cause) const {
  switch (cause) {
    case Cause::kConsecutive5xx: return spec_.enforcing_consecutive_5xx;
    case Cause::kConsecutiveGateway: return spec_.enforcing_consecutive_gateway_failure;
    case Cause::kConsecutiveLocal: return spec_.enforcing_consecutive_local_origin_failure;
    case Cause::kSuccessRate: return spec_.enforcing_success_rate;
    case Cause::kLocalSuccessRate: return spec_.enforcing_local_origin_success_rate;
    case Cause::kFailurePercentage: return spec_.enforcing_failure_percentage;
    case Cause::kLocalFailurePercentage: return spec_.enforcing_failure_percentage_local_origin;
  }
  return 0;
}

bool OutlierDetector::may_eject_one_more() const {
  if (spec_.always_eject_one_host && ejected_ == 0) return true;
  return 100.0 * static_cast<double>(ejected_ + 1) / static_cast<double>(hosts_.size()) <=
         static_cast<double>(spec_.max_ejection_percent);
}

Milliseconds OutlierDetector::ejection_time(const State& state) const {
  Milliseconds longest = std::max(spec_.max_ejection_time, spec_.base_ejection_time);
  return std::min(spec_.base_ejection_time * std::max(1U, state.ejections), longest) + state.jitter;
}

void OutlierDetector::eject(State& state, Cause cause, double rate, double average, double threshold) {
  if (state.ejected) return;
  observe::StatGroup& stats = cluster_.stats();
  const auto& names = kCauses[static_cast<size_t>(cause)];
  stats.add(names.second.first);
  if (!may_eject_one_more()) return stats.add(ClusterStat::kOdEjectionsOverflow);
  bool enforced = thread_random().below(100) < enforcing(cause);
  if (enforced) {
    net::Loop& loop = *cluster_.context().main_loop;
    state.ejected = true;
    state.ejected_at = loop.now();
    ++state.times;
    if (spec_.base_ejection_time * (state.ejections + 1) <=
        std::max(spec_.max_ejection_time, spec_.base_ejection_time) + spec_.base_ejection_time) {
      ++state.ejections;
    }
    auto jitter = spec_.max_ejection_time_jitter.count();
    state.jitter = Milliseconds(jitter > 0 ? thread_random().below(static_cast<uint64_t>(jitter) + 1) : 0);
    ++ejected_;
    stats.add(names.second.second);
    stats.add(ClusterStat::kOdEjectionsEnforcedTotal);
    stats.add(ClusterStat::kOdEjectionsActive);
    state.host->set(HealthFlag::kFailedOutlier, true);
    cluster_.hosts_changed();
  }
  log_ejection(state, cause, enforced, rate, average, threshold);
  state.changed_at = cluster_.context().main_loop->wall_now();
}

void OutlierDetector::uneject(State& state) {
  state.ejected = false;
  --ejected_;
  cluster_.stats().sub(ClusterStat::kOdEjectionsActive);
  for (auto* row : {&state.host->outlier->consecutive_5xx, &state.host->outlier->consecutive_gateway,
                    &state.host->outlier->consecutive_local}) {
    row->store(0, kRelaxed);
  }
  state.ejected_at = cluster_.context().main_loop->now();
  state.host->set(HealthFlag::kFailedOutlier, false);
  if (cluster_.lb().slow_start.window.count() > 0) state.host->set_healthy_since(state.ejected_at);
  cluster_.hosts_changed();
  log_return(state);
  state.changed_at = cluster_.context().main_loop->wall_now();
}

void OutlierDetector::health_check_passed(Host& host) {
  if (!spec_.successful_active_health_check_uneject_host) return;
  auto at = hosts_.find(&host);
  if (at != hosts_.end() && at->second.ejected) uneject(at->second);
}

void OutlierDetector::on_interval() {
  MonoTime now = cluster_.context().main_loop->now();
  for (auto& [host, state] : hosts_) {
    if (state.ejected) {
      if (now - state.ejected_at >= ejection_time(state)) uneject(state);
    } else if (state.ejections > 0 && now - state.ejected_at >= spec_.interval) {
      --state.ejections;  // a whole interval in good order
    }
  }
  judge(false);
  if (spec_.split_external_local_origin_errors) judge(true);
  timer_->start(*cluster_.context().main_loop, spec_.interval);
}

void OutlierDetector::judge(bool local) {
  std::vector<Rate> by_rate;
  std::vector<Rate> by_percentage;
  for (auto& [host, state] : hosts_) {
    if (!host->outlier) continue;
    auto& counters = *host->outlier;
    uint32_t requests = (local ? counters.local_requests : counters.requests).exchange(0, kRelaxed);
    uint32_t successes = (local ? counters.local_successes : counters.successes).exchange(0, kRelaxed);
    if (state.ejected || requests == 0) continue;
    Rate rate{&state, 100.0 * std::min(successes, requests) / requests, requests};
    if (requests >= spec_.success_rate_request_volume) by_rate.push_back(rate);
    if (requests >= spec_.failure_percentage_request_volume) by_percentage.push_back(rate);
  }
  if (by_rate.size() >= spec_.success_rate_minimum_hosts && !by_rate.empty()) {
    double mean = 0;
    for (const Rate& rate : by_rate) mean += rate.success / static_cast<double>(by_rate.size());
    double variance = 0;
    for (const Rate& rate : by_rate) variance += std::pow(rate.success - mean, 2) / static_cast<double>(by_rate.size());
    double threshold = mean - std::sqrt(variance) * spec_.success_rate_stdev_factor / 1000.0;
    for (const Rate& rate : by_rate) {
      if (rate.success >= threshold) continue;
      eject(*rate.state, local ? Cause::kLocalSuccessRate : Cause::kSuccessRate, rate.success, mean, threshold);
    }
  }
  if (by_percentage.size() >= spec_.failure_percentage_minimum_hosts) {
    for (const Rate& rate : by_percentage) {
      if (100.0 - rate.success < spec_.failure_percentage_threshold) continue;
      eject(*rate.state, local ? Cause::kLocalFailurePercentage : Cause::kFailurePercentage, rate.success, -1, -1);
    }
  }
}

uint32_t OutlierDetector::ejections_of(const Host& host) const {
  auto at = hosts_.find(const_cast<Host*>(&host));
  return at == hosts_.end() ? 0 : at->second.times;
}

void OutlierDetector::log_ejection(const State& state, Cause cause, bool enforced, double rate, double average,
                                   double threshold) {
  if (!log_) return;
  WallTime now = cluster_.context().main_loop->wall_now();
  nlohmann::ordered_json event;
  event["type"] = kCauses[static_cast<size_t>(cause)].first;
  event["timestamp"] = timestamp(now);
  event["cluster_name"] = cluster_.name();
  event["upstream_url"] = state.host->address_text();
  event["action"] = "EJECT";
  event["num_ejections"] = state.times;
  event["enforced"] = enforced;
  if (state.changed_at != WallTime{}) {
    event["secs_since_last_action"] =
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now - state.changed_at).count());
  }
  if (cause == Cause::kSuccessRate || cause == Cause::kLocalSuccessRate) {
    event["eject_success_rate_event"] = {{"host_success_rate", std::lround(rate)},
                                         {"cluster_average_success_rate", std::lround(average)},
                                         {"cluster_success_rate_ejection_threshold", std::lround(threshold)}};
  } else if (cause == Cause::kFailurePercentage || cause == Cause::kLocalFailurePercentage) {
    event["eject_failure_percentage_event"] = {{"host_success_rate", std::lround(rate)}};
  } else {
    event["eject_consecutive_event"] = nlohmann::ordered_json::object();
  }
  log_->write(event.dump());
}

void OutlierDetector::log_return(const State& state) {
  if (!log_) return;
  WallTime now = cluster_.context().main_loop->wall_now();
  nlohmann::ordered_json event;
  event["timestamp"] = timestamp(now);
  event["cluster_name"] = cluster_.name();
  event["upstream_url"] = state.host->address_text();
  event["action"] = "UNEJECT";
  event["num_ejections"] = state.times;
  event["secs_since_last_action"] =
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now - state.changed_at).count());
  log_->write(event.dump());
}

}  // namespace proa::upstream
