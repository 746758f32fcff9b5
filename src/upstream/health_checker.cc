#include "upstream/health_checker.h"

#include <nlohmann/json.hpp>

#include "net/loop.h"
#include "upstream/event_log.h"
#include "upstream/host_check.h"
#include "upstream/lb/random.h"
#include "upstream/outlier_detector.h"

namespace proa::upstream {

HostCheck::HostCheck(HealthChecker& checker, HostRef host, const HealthCheckSpec& spec)
    : checker_(checker),
      host_(std::move(host)),
      spec_(spec),
      interval_timer_(net::Timer::of<&HostCheck::ask>(this)),
      timeout_timer_(net::Timer::of<&HostCheck::on_timeout>(this)),
      failed_(host_->has(HealthFlag::kFailedActive)) {
  probe_ = make_probe(*this);
}

HostCheck::~HostCheck() = default;

net::Loop& HostCheck::loop() { return *checker_.cluster_.context().main_loop; }

net::Address HostCheck::address() const {
  const HealthCheckOverride* own = host_->health_check();
  net::Address address = own && !own->address.empty() ? own->address.front() : host_->address();
  if (own && own->port) return address.with_port(own->port);
  return spec_.alt_port ? address.with_port(spec_.alt_port) : address;
}

std::string HostCheck::host_name() const {
  if (!spec_.host.empty()) return spec_.host;
  if (!spec_.authority.empty()) return spec_.authority;
  const HealthCheckOverride* own = host_->health_check();
  if (own && !own->hostname.empty()) return own->hostname;
  return host_->hostname().empty() ? checker_.cluster_.name() : host_->hostname();
}

void HostCheck::start() {
  auto jitter = spec_.initial_jitter.count();
  interval_timer_.start(loop(), Milliseconds(jitter > 0 ? thread_random().below(static_cast<uint64_t>(jitter)) : 0));
}

void HostCheck::ask() {
  asking_ = true;
  cluster().stats().add(ClusterStat::kHcAttempt);
  timeout_timer_.start(loop(), spec_.timeout);
  probe_->start();
}

void HostCheck::on_timeout() {
  probe_->cancel();
  result(ProbeResult::kNetwork, "timeout");
}

void HostCheck::result(ProbeResult result, std::string_view details) {
  if (!std::exchange(asking_, false)) return;
  timeout_timer_.stop();
  bool passed = result == ProbeResult::kPass || result == ProbeResult::kDegraded;
  Change change;
  if (passed) {
    cluster().stats().add(ClusterStat::kHcSuccess);
    if (spec_.always_log_successes) log_event("successful_health_check_event", details);
    change = handle_pass(result == ProbeResult::kDegraded);
  } else {
    cluster().stats().add(ClusterStat::kHcFailure);
    if (result == ProbeResult::kNetwork) cluster().stats().add(ClusterStat::kHcNetworkFailure);
    if (first_ || spec_.always_log_failures) log_event("health_check_failure_event", details);
    change = handle_failure(result == ProbeResult::kFailNow);
    if (change == Change::kDone) log_event("eject_unhealthy_event", details);
  }
  interval_timer_.start(loop(), next_interval(passed, change));
  bool was_first = std::exchange(first_, false);
  HealthChecker& checker = checker_;
  if (host_->set(HealthFlag::kPendingActive, false)) cluster().hosts_changed();
  HostRef host = host_;
  if (was_first) checker.first_result();
  // The last thing, for this object may go with its host.
  if (!passed && host->has(HealthFlag::kFailedActive)) checker.cluster_.remove_pending(*host);
}

HostCheck::Change HostCheck::handle_pass(bool degraded) {
  failures_ = 0;
  if (!failed_) {
    checker_.passed(*this, degraded);
    return Change::kNone;
  }
  if (!first_ && ++passes_ < spec_.healthy_threshold) return Change::kPending;
  passes_ = 0;
  failed_ = false;
  log_event("add_healthy_event", "");
  checker_.passed(*this, degraded);
  return Change::kDone;
}

HostCheck::Change HostCheck::handle_failure(bool at_once) {
  passes_ = 0;
  if (failed_) return Change::kNone;
  if (!at_once && ++failures_ < spec_.unhealthy_threshold) return Change::kPending;
  failures_ = 0;
  failed_ = true;
  checker_.failed(*this);
  return Change::kDone;
}

Milliseconds HostCheck::next_interval(bool passed, Change change) const {
  auto or_else = [](Milliseconds wanted, Milliseconds fallback) { return wanted.count() < 0 ? fallback : wanted; };
  Milliseconds unhealthy = or_else(spec_.unhealthy_interval, spec_.interval);
  Milliseconds base;
  if (!checker_.cluster_.has_traffic()) {
    base = passed && change != Change::kPending ? or_else(spec_.no_traffic_healthy_interval, spec_.no_traffic_interval)
                                                : spec_.no_traffic_interval;
  } else if (passed) {
    base = change == Change::kPending ? or_else(spec_.healthy_edge_interval, spec_.interval) : spec_.interval;
  } else {
    base = change == Change::kPending ? or_else(spec_.unhealthy_edge_interval, unhealthy) : unhealthy;
  }
  uint64_t jitter = static_cast<uint64_t>(base.count()) * spec_.interval_jitter_percent / 100;
  Milliseconds extra(jitter ? thread_random().below(jitter) : 0);
  if (spec_.interval_jitter.count() > 0) {
    extra += Milliseconds(thread_random().below(static_cast<uint64_t>(spec_.interval_jitter.count())));
  }
  return std::max(base + extra, Milliseconds(1));
}

void HostCheck::log_event(std::string_view event, std::string_view details) {
  if (!checker_.log_) return;
  static constexpr std::string_view kKinds[] = {"HTTP", "TCP", "GRPC"};
  nlohmann::ordered_json line;
  line["health_checker_type"] = kKinds[static_cast<size_t>(spec_.kind)];
  line["host"] = host_->address_text();
  line["cluster_name"] = checker_.cluster_.name();
  line[std::string(event)] = {{"first_check", first_}};
  if (!details.empty()) line["details"] = details;
  auto now = loop().wall_now().time_since_epoch();
  line["timestamp_ms"] = std::chrono::duration_cast<Milliseconds>(now).count();
  checker_.log_->write(line.dump());
}

HealthChecker::HealthChecker(Cluster& cluster) : cluster_(cluster) {
  for (const auto& spec : cluster.spec().health_checks) {
    if (!log_) log_ = EventLog::open(spec->event_log_path);
  }
}

HealthChecker::~HealthChecker() = default;

void HealthChecker::hosts_changed() {
  std::unordered_map<Host*, std::vector<std::unique_ptr<HostCheck>>> now;
  for (const HostSet::Member& member : cluster_.members()) {
    Host& host = *member.host;
    if (host.health_check() && host.health_check()->disabled) continue;
    auto known = checks_.find(&host);
    if (known != checks_.end()) {
      now[&host] = std::move(known->second);
      continue;
    }
    auto& checks = now[&host];
    for (const auto& spec : cluster_.spec().health_checks) {
      checks.push_back(std::make_unique<HostCheck>(*this, member.host, *spec));
      checks.back()->start();
      ++without_result_;
    }
    if (!host.has(HealthFlag::kFailedActive)) count_healthy(1);
  }
  for (auto& [host, checks] : checks_) {
    if (checks.empty()) continue;  // moved
    for (auto& check : checks) {
      check->probe_->cancel();
      if (check->first_) --without_result_;
    }
    if (!host->has(HealthFlag::kFailedActive)) count_healthy(-1);
  }
  // A check may be what removed its own host: it dies when its call has returned.
  auto gone = std::make_shared<decltype(checks_)>(std::move(checks_));
  checks_ = std::move(now);
  cluster_.context().main_loop->post([gone] { gone->clear(); });
  if (without_result_ == 0) first_result();
}

void HealthChecker::first_result() {
  if (without_result_ > 0) --without_result_;
  if (without_result_ > 0 || first_round_done_ || checks_.empty()) return;
  first_round_done_ = true;
  cluster_.first_checks_done();
}

void HealthChecker::count_healthy(int change) { cluster_.stats().add(ClusterStat::kHcHealthy, change); }

void HealthChecker::passed(HostCheck& check, bool degraded) {
  Host& host = check.host();
  bool changed = host.set(HealthFlag::kDegradedActive, degraded);
  changed = host.set(HealthFlag::kExcluded, false) || changed;
  auto at = checks_.find(&host);
  bool all = at != checks_.end();
  if (all) {
    for (auto& other : at->second) all = all && !other->failed_;
  }
  if (all && host.set(HealthFlag::kFailedActive, false)) {
    changed = true;
    count_healthy(1);
    if (cluster_.lb().slow_start.window.count() > 0) {
      host.set_healthy_since(cluster_.context().main_loop->now());
    }
  }
  if (cluster_.outlier_detector()) cluster_.outlier_detector()->health_check_passed(host);
  if (changed) cluster_.hosts_changed();
}

void HealthChecker::failed(HostCheck& check) {
  if (!check.host().set(HealthFlag::kFailedActive, true)) return;
  count_healthy(-1);
  cluster_.hosts_changed();
}

}  // namespace proa::upstream
