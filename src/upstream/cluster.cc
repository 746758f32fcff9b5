#include "upstream/cluster.h"

#include <algorithm>
#include <unordered_map>

#include "net/loop.h"
#include "observe/metadata.h"
#include "upstream/discovery.h"
#include "upstream/health_checker.h"
#include "upstream/lb/random.h"
#include "upstream/original_dst.h"
#include "upstream/outlier_detector.h"

namespace proa::upstream {

namespace {

std::shared_ptr<const Locality> share_locality(const Locality& locality) {
  static const auto kNowhere = std::make_shared<const Locality>();
  return locality.empty() ? kNowhere : std::make_shared<const Locality>(locality);
}

// Shares the default, which lives for ever, without copying it.
std::shared_ptr<const LbSpec> lb_of(const ClusterSpec& spec) {
  if (spec.lb) return spec.lb;
  return {std::shared_ptr<const void>(), &default_lb()};
}

observe::StatName stat_name_of(const ClusterSpec& spec) {
  const std::string& name = spec.alt_stat_name.empty() ? spec.name : spec.alt_stat_name;
  return {name, {{"envoy_cluster_name", name}}};
}

bool same_metadata(const std::shared_ptr<const observe::Metadata>& a,
                   const std::shared_ptr<const observe::Metadata>& b) {
  if (a == b) return true;
  return a && b && a->root == b->root;
}

bool same_identity(const Host& host, const Endpoint& endpoint, const Locality& locality) {
  return host.addresses() == endpoint.addresses && host.hostname() == endpoint.hostname &&
         host.locality() == locality && same_metadata(host.shared_metadata(), endpoint.metadata);
}

struct BreakerGauges {
  ClusterStat open;
  ClusterStat remaining;
};

BreakerGauges gauges_of(RoutingPriority priority, Resource resource) {
  using S = ClusterStat;
  static constexpr BreakerGauges kDefault[kResources] = {
      {S::kCbDefaultCxOpen, S::kCbDefaultRemainingCx},
      {S::kCbDefaultRqPendingOpen, S::kCbDefaultRemainingPending},
      {S::kCbDefaultRqOpen, S::kCbDefaultRemainingRq},
      {S::kCbDefaultRqRetryOpen, S::kCbDefaultRemainingRetries},
      {S::kCbDefaultCxPoolOpen, S::kCbDefaultRemainingPools},
  };
  static constexpr BreakerGauges kHigh[kResources] = {
      {S::kCbHighCxOpen, S::kCbHighRemainingCx},        {S::kCbHighRqPendingOpen, S::kCbHighRemainingPending},
      {S::kCbHighRqOpen, S::kCbHighRemainingRq},        {S::kCbHighRqRetryOpen, S::kCbHighRemainingRetries},
      {S::kCbHighCxPoolOpen, S::kCbHighRemainingPools},
  };
  return (priority == RoutingPriority::kHigh ? kHigh : kDefault)[static_cast<size_t>(resource)];
}

/// With a budget for retries, what remains of them changes with each request: as in Envoy, that gauge stays 0.
bool tracks(const BreakerThresholds& thresholds, Resource resource) {
  return thresholds.track_remaining && !(resource == Resource::kRetries && thresholds.retry_budget);
}

}  // namespace

Outcome outcome_of_status(uint16_t status) {
  if (status < 500) return Outcome::kSuccess;
  return status >= 502 && status <= 504 ? Outcome::kGatewayError : Outcome::kServerError;
}

/// Merges changes of one turn into one publication.
class Cluster::PublishHook final : public net::EndOfTurn {
 public:
  explicit PublishHook(Cluster& cluster) : cluster_(cluster) {}
  void run() override { cluster_.publish(); }

 private:
  Cluster& cluster_;
};

Cluster::Cluster(ClusterSpec spec, ClusterContext context)
    : spec_(std::move(spec)),
      context_(std::move(context)),
      lb_(lb_of(spec_)),
      stats_(*context_.registry, cluster_schema(), stat_name_of(spec_)),
      breakers_default_(breaker_spec().of_default),
      breakers_high_(breaker_spec().of_high),
      hosts_(HostSet::build({}, {}, 0)) {
  host_set_options_.local = context_.local_locality;
  for (RoutingPriority priority : {RoutingPriority::kDefault, RoutingPriority::kHigh}) show_breaker_limits(priority);
  if (spec_.outlier) outlier_ = std::make_unique<OutlierDetector>(*this);
  if (spec_.type == DiscoveryType::kOriginalDst) original_dst_ = std::make_unique<OriginalDstHosts>(*this);
}

Cluster::~Cluster() = default;

const TransportSocketMatch* matching_socket(const ClusterSpec& spec, const observe::Metadata* host) {
  for (const TransportSocketMatch& candidate : spec.socket_matches) {
    bool fits = true;
    for (const auto& [key, value] : candidate.match) {
      const nlohmann::json* found = nullptr;
      if (host) {
        std::string path[] = {key};
        found = host->find("envoy.transport_socket_match", path);
      }
      fits = fits && found && found->dump() == value;
    }
    if (fits) return &candidate;
  }
  return nullptr;
}

const TransportSocketSpec& Cluster::socket_for(const Host& host) const {
  const TransportSocketMatch* match = matching_socket(spec_, host.metadata());
  return match ? match->socket : spec_.socket;
}

bool Cluster::take(RoutingPriority priority, Resource resource, bool force) {
  Breakers& breakers = this->breakers(priority);
  using enum Breakers::Taken;
  const Breakers::Taken taken = force ? breakers.force(resource) : breakers.take(resource);
  if (taken == kYesAndFull) stats_.add(gauges_of(priority, resource).open);
  if (tracks(breakers.thresholds(), resource) && taken != kNo && taken != kYesAndOver) {
    stats_.sub(gauges_of(priority, resource).remaining);
  }
  return taken != kNo;
}

/// Before anything is taken, all of it remains.
void Cluster::show_breaker_limits(RoutingPriority priority) {
  const Breakers& breakers = this->breakers(priority);
  for (size_t i = 0; i < kResources; ++i) {
    const auto resource = static_cast<Resource>(i);
    if (!tracks(breakers.thresholds(), resource)) continue;
    stats_.set(gauges_of(priority, resource).remaining, breakers.limit(resource));
  }
}

void Cluster::release(RoutingPriority priority, Resource resource) {
  Breakers& breakers = this->breakers(priority);
  const Breakers::Released released = breakers.release(resource);
  if (released == Breakers::Released::kFromFull) stats_.sub(gauges_of(priority, resource).open);
  if (tracks(breakers.thresholds(), resource) && released != Breakers::Released::kFromOver) {
    stats_.add(gauges_of(priority, resource).remaining);
  }
}

std::shared_ptr<const HostSet> Cluster::hosts() const {
  std::lock_guard lock(mutex_);
  return hosts_;
}

std::shared_ptr<const LbSnapshot> Cluster::snapshot() {
  std::lock_guard lock(mutex_);
  if (!snapshot_) {
    LbInputs inputs{local_hosts_, thread_random().next()};
    snapshot_ = std::make_shared<const LbSnapshot>(LbSnapshot{hosts_, make_balancer(lb_, hosts_, inputs)});
  }
  return snapshot_;
}

void Cluster::set_local_hosts(std::shared_ptr<const HostSet> hosts) {
  std::lock_guard lock(mutex_);
  local_hosts_ = std::move(hosts);
  if (!lb_->zone_aware) return;
  snapshot_.reset();
  version_.fetch_add(1, std::memory_order_release);
}

void Cluster::report(Host& host, Outcome outcome) {
  switch (outcome) {
    case Outcome::kSuccess: host.hot.rq_success.fetch_add(1, std::memory_order_relaxed); break;
    case Outcome::kTimeout: host.hot.rq_timeout.fetch_add(1, std::memory_order_relaxed); [[fallthrough]];
    default: host.hot.rq_error.fetch_add(1, std::memory_order_relaxed); break;
  }
  if (outlier_) outlier_->report(host, outcome);
}

void Cluster::fail_health_check(Host& host) {
  if (spec_.health_checks.empty()) return;
  stats_.add(ClusterStat::kHcPassiveFailure);
  context_.main_loop->post([cluster = shared_from_this(), kept = HostRef(&host)] {
    bool changed = kept->set(HealthFlag::kFailedActive, true);
    changed = kept->set(HealthFlag::kExcluded, true) || changed;
    if (changed) cluster->hosts_changed();
  });
}

HostRef Cluster::original_destination_host(const net::Address& address) {
  return original_dst_ ? original_dst_->find_or_make(address) : HostRef();
}

void Cluster::prepare(Host& host) const {
  if (outlier_ && !host.outlier) host.outlier = std::make_unique<OutlierCounters>();
  if (lb_->slow_start.window.count() > 0) host.set_healthy_since(context_.main_loop->now());
  if (spec_.health_checks.empty() || (host.health_check() && host.health_check()->disabled)) return;
  host.set(HealthFlag::kFailedActive, true);
  if (spec_.ignore_new_hosts_until_first_hc) host.set(HealthFlag::kPendingActive, true);
}

void Cluster::start(std::function<void()> ready) {
  started_ = true;
  on_ready_ = std::move(ready);
  if (!spec_.health_checks.empty()) {
    health_checker_ = std::make_unique<HealthChecker>(*this);
  } else {
    checked_ = true;
  }
  if (outlier_) outlier_->start();
  if (original_dst_) original_dst_->start();
  discovery_ = make_discovery(*this);
  if (discovery_) return discovery_->start();
  if (spec_.type == DiscoveryType::kStatic) {
    assign(spec_.assignment);
    spec_.assignment.localities = {};
  } else {
    publish();
  }
  discovery_answered();
}

void Cluster::stop() {
  on_ready_ = nullptr;
  discovery_.reset();
  health_checker_.reset();
  publish_hook_.reset();
  if (outlier_) outlier_->stop();
  if (original_dst_) original_dst_->stop();
  started_ = false;
}

void Cluster::assign(const Assignment& assignment) {
  std::vector<HostSet::Member> old = std::move(members_);
  std::unordered_multimap<net::Address, size_t> by_address;
  by_address.reserve(old.size());
  for (size_t i = 0; i < old.size(); ++i) by_address.emplace(old[i].host->address(), i);

  std::vector<HostSet::Member> members;
  bool changed = false;
  std::unordered_map<net::Address, uint32_t> seen;  // address -> priority
  for (const LocalityEndpoints& group : assignment.localities) {
    auto locality = share_locality(group.locality);
    for (const Endpoint& endpoint : group.endpoints) {
      if (endpoint.addresses.empty()) continue;
      bool fresh = seen.emplace(endpoint.addresses[0], group.priority).second;
      if (!fresh && spec_.type != DiscoveryType::kStatic) continue;  // said twice
      HostRef host;
      auto [at, end] = by_address.equal_range(endpoint.addresses[0]);
      for (; at != end && !host; ++at) {
        HostSet::Member& candidate = old[at->second];
        if (candidate.host && same_identity(*candidate.host, endpoint, *locality)) host = std::move(candidate.host);
      }
      if (host) {
        host->set_weight(endpoint.weight);
        host->set_priority(group.priority);
        host->set_eds_status(endpoint.status);
        host->set(HealthFlag::kPendingRemoval, false);
      } else {
        host = make_host(endpoint, locality, group.priority);
        prepare(*host);
        changed = true;
      }
      members.push_back({std::move(host), group.weight});
    }
  }
  keep_removed(old, members);
  for (const HostSet::Member& member : old) changed = changed || member.host;
  members.shrink_to_fit();
  members_ = std::move(members);
  host_set_options_.overprovisioning_factor = assignment.overprovisioning_factor;
  host_set_options_.weighted_priority_health = assignment.weighted_priority_health;
  uint64_t drops = 0;
  for (const DropOverload& drop : assignment.drops) drops += drop.per_million;
  drop_per_million_.store(static_cast<uint32_t>(std::min<uint64_t>(drops, 1'000'000)), std::memory_order_relaxed);
  if (changed && discovered_) stats_.add(ClusterStat::kMembershipChange);
  publish();
}

void Cluster::keep_removed(std::vector<HostSet::Member>& old, std::vector<HostSet::Member>& members) {
  if (spec_.health_checks.empty() || spec_.ignore_health_on_host_removal) return;
  for (HostSet::Member& member : old) {
    if (!member.host || member.host->has(HealthFlag::kFailedActive)) continue;
    bool replaced = std::any_of(members.begin(), members.end(), [&](const HostSet::Member& other) {
      return other.host->address() == member.host->address();
    });
    if (replaced) continue;
    member.host->set(HealthFlag::kPendingRemoval, true);
    members.push_back(std::move(member));
    member.host = {};
  }
}

void Cluster::remove_pending(Host& host) {
  auto gone = std::erase_if(members_, [&](const HostSet::Member& member) {
    return member.host.get() == &host && host.has(HealthFlag::kPendingRemoval);
  });
  if (!gone) return;
  stats_.add(ClusterStat::kMembershipChange);
  hosts_changed();
}

void Cluster::hosts_changed() {
  if (!started_) return;
  if (!publish_hook_) publish_hook_ = std::make_unique<PublishHook>(*this);
  context_.main_loop->end_of_turn(*publish_hook_);
}

void Cluster::publish() {
  auto hosts = HostSet::build(original_dst_ ? original_dst_->members() : members_, host_set_options_, version() + 1);
  std::shared_ptr<const LbSnapshot> snapshot;
  std::shared_ptr<const HostSet> local;
  bool used;
  {
    std::lock_guard lock(mutex_);
    used = snapshot_ != nullptr;
    local = local_hosts_;
  }
  // Built here when workers have asked before, so that none of them waits for a large ring.
  if (used) {
    LbInputs inputs{local, thread_random().next()};
    snapshot = std::make_shared<const LbSnapshot>(LbSnapshot{hosts, make_balancer(lb_, hosts, inputs)});
  }
  {
    std::lock_guard lock(mutex_);
    hosts_ = hosts;
    snapshot_ = std::move(snapshot);
    version_.fetch_add(1, std::memory_order_release);
  }
  // A static cluster that nobody uses has no statistics yet: ten thousand of them should cost little.
  if (spec_.type != DiscoveryType::kStatic || health_checker_ || has_traffic()) set_gauges(*hosts);
  if (health_checker_) health_checker_->hosts_changed();
  if (outlier_) outlier_->hosts_changed();
  if (context_.hosts_changed) context_.hosts_changed(*this);
}

void Cluster::first_traffic() {
  if (has_traffic_.exchange(true, std::memory_order_relaxed)) return;
  context_.main_loop->post([weak = weak_from_this()] {
    if (auto cluster = weak.lock()) cluster->set_gauges(*cluster->hosts());
  });
}

void Cluster::set_gauges(const HostSet& hosts) {
  stats_.set(ClusterStat::kMembershipTotal, static_cast<int64_t>(hosts.size()));
  stats_.set(ClusterStat::kMembershipHealthy, static_cast<int64_t>(hosts.healthy()));
  stats_.set(ClusterStat::kMembershipDegraded, static_cast<int64_t>(hosts.degraded()));
  stats_.set(ClusterStat::kMembershipExcluded, static_cast<int64_t>(hosts.excluded()));
}

void Cluster::discovery_answered() {
  discovered_ = true;
  if (health_checker_ && members_.empty()) checked_ = true;  // nothing to check
  maybe_ready();
}

void Cluster::first_checks_done() {
  checked_ = true;
  maybe_ready();
}

void Cluster::maybe_ready() {
  if (ready_ || !started_) return;
  if (spec_.wait_for_warm && !(discovered_ && checked_)) return;
  ready_ = true;
  if (auto tell = std::exchange(on_ready_, nullptr)) tell();
}

}  // namespace proa::upstream
