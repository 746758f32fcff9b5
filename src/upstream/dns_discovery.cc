#include "upstream/dns_discovery.h"

#include <algorithm>

#include "net/loop.h"
#include "upstream/endpoint_source.h"
#include "upstream/lb/random.h"

namespace proa::upstream {

/// One name of the configuration.
struct DnsDiscovery::Target {
  Target(DnsDiscovery& discovery, size_t group, size_t index)
      : discovery(discovery), group(group), index(index), timer(net::Timer::of<&Target::on_timer>(this)) {}
  void on_timer() { discovery.ask(*this); }

  DnsDiscovery& discovery;
  size_t group;  // in template_.localities
  size_t index;  // of the endpoint there
  net::Timer timer;
  std::unique_ptr<NameResolver::Question> question;
  std::vector<net::Address> addresses;  // the last good answer, with the port
  MonoTime good_at{};
  Milliseconds backoff{0};
  uint32_t failed_connects = 0;  // of the current host at the last answer
  bool answered = false;
};

DnsDiscovery::DnsDiscovery(Cluster& cluster)
    : cluster_(cluster),
      spec_(cluster.spec().dns ? *cluster.spec().dns : default_dns()),
      template_(cluster.spec().assignment),
      names_(cluster.context().names) {
  if (!names_ && cluster.context().resolver) {
    own_names_ = system_names(*cluster.context().resolver);
    names_ = own_names_.get();
  }
  for (size_t group = 0; group < template_.localities.size(); ++group) {
    for (size_t i = 0; i < template_.localities[group].endpoints.size(); ++i) {
      targets_.push_back(std::make_unique<Target>(*this, group, i));
    }
  }
}

DnsDiscovery::~DnsDiscovery() = default;

void DnsDiscovery::start() {
  unanswered_ = targets_.size();
  if (targets_.empty() || !names_) {
    publish();
    return cluster_.discovery_answered();
  }
  for (auto& target : targets_) ask(*target);
}

void DnsDiscovery::ask(Target& target) {
  cluster_.stats().add(ClusterStat::kUpdateAttempt);
  const Endpoint& endpoint = template_.localities[target.group].endpoints[target.index];
  target.question = names_->resolve(endpoint.dns_name, spec_.family, [this, &target](Result<net::DnsAnswer> answer) {
    answered(target, std::move(answer));
  });
}

void DnsDiscovery::answered(Target& target, Result<net::DnsAnswer> answer) {
  if (!answer) {
    cluster_.stats().add(ClusterStat::kUpdateFailure);
    failed(target);
  } else if (answer->addresses.empty()) {
    cluster_.stats().add(ClusterStat::kUpdateEmpty);
    bool stale = cluster_.context().main_loop->now() - target.good_at > spec_.max_stale;
    if (stale && !target.addresses.empty()) take(target, {});
    failed(target);
  } else {
    cluster_.stats().add(ClusterStat::kUpdateSuccess);
    succeeded(target, std::move(*answer));
  }
  if (std::exchange(target.answered, true)) return;
  if (--unanswered_ == 0) cluster_.discovery_answered();
}

void DnsDiscovery::failed(Target& target) {
  Milliseconds base = spec_.failure_base.count() < 0 ? spec_.refresh_rate : spec_.failure_base;
  Milliseconds longest = spec_.failure_max.count() < 0 ? base * 10 : spec_.failure_max;
  target.backoff = target.backoff.count() == 0 ? base : std::min(target.backoff * 2, longest);
  // Full jitter: a fleet that lost its resolver does not ask in step when it is back.
  auto most = static_cast<uint64_t>(target.backoff.count());
  wait(target, Milliseconds(most / 2 + thread_random().below(most / 2 + 1)));
}

void DnsDiscovery::succeeded(Target& target, net::DnsAnswer answer) {
  target.backoff = Milliseconds(0);
  target.good_at = cluster_.context().main_loop->now();
  const Endpoint& endpoint = template_.localities[target.group].endpoints[target.index];
  for (net::Address& address : answer.addresses) address = address.with_port(endpoint.port);
  if (cluster_.spec().type == DiscoveryType::kLogicalDns) keep_current(target, answer.addresses);
  std::vector<net::Address> sorted = answer.addresses;
  auto less = [](const net::Address& a, const net::Address& b) { return a.to_string() < b.to_string(); };
  std::sort(sorted.begin(), sorted.end(), less);  // the order of an answer means nothing
  if (sorted == target.addresses) {
    cluster_.stats().add(ClusterStat::kUpdateNoRebuild);
  } else {
    take(target, std::move(sorted));
  }
  Milliseconds delay = spec_.refresh_rate;
  if (spec_.respect_ttl && answer.ttl.count() > 0) delay = answer.ttl;
  if (spec_.jitter.count() > 0) {
    delay += Milliseconds(thread_random().below(static_cast<uint64_t>(spec_.jitter.count()) + 1));
  }
  wait(target, delay);
}

void DnsDiscovery::keep_current(Target& target, std::vector<net::Address>& addresses) const {
  uint32_t failures = 0;
  if (!cluster_.members().empty()) {
    failures = cluster_.members()[0].host->hot.cx_connect_fail.load(std::memory_order_relaxed);
  }
  bool failing = failures > target.failed_connects;
  target.failed_connects = failures;
  const net::Address* keep = nullptr;
  if (!target.addresses.empty()) {
    auto at = std::find(addresses.begin(), addresses.end(), target.addresses[0]);
    bool listed = at != addresses.end();
    if (listed && !failing) keep = &*at;
    if (listed && failing && addresses.size() > 1) {
      keep = at == addresses.begin() ? &addresses[1] : &addresses[0];
    }
  }
  net::Address chosen = keep ? *keep : addresses[0];
  if (target.addresses.empty() || !(chosen == target.addresses[0])) target.failed_connects = 0;
  addresses = {chosen};
}

void DnsDiscovery::take(Target& target, std::vector<net::Address> addresses) {
  target.addresses = std::move(addresses);
  publish();
}

void DnsDiscovery::publish() {
  Assignment next;
  next.overprovisioning_factor = template_.overprovisioning_factor;
  next.weighted_priority_health = template_.weighted_priority_health;
  next.drops = template_.drops;
  for (const LocalityEndpoints& group : template_.localities) {
    next.localities.push_back({group.locality, group.priority, group.weight, {}});
  }
  for (const auto& target : targets_) {
    const Endpoint& configured = template_.localities[target->group].endpoints[target->index];
    for (const net::Address& address : target->addresses) {
      Endpoint endpoint = configured;
      endpoint.addresses = {address};
      if (endpoint.hostname.empty()) endpoint.hostname = configured.dns_name;
      next.localities[target->group].endpoints.push_back(std::move(endpoint));
    }
  }
  cluster_.assign(next);
}

void DnsDiscovery::wait(Target& target, Milliseconds delay) {
  target.timer.start(*cluster_.context().main_loop, std::max(delay, Milliseconds(1)));
}

namespace {

/// EDS: what the source pushes.
class PushedDiscovery final : public Discovery {
 public:
  explicit PushedDiscovery(Cluster& cluster) : cluster_(cluster), source_(cluster.spec().endpoints) {}
  ~PushedDiscovery() override { source_->unsubscribe(); }
  void start() override {
    cluster_.stats().add(ClusterStat::kUpdateAttempt);
    source_->subscribe([this](Assignment assignment) {
      cluster_.stats().add(assignment.localities.empty() ? ClusterStat::kUpdateEmpty : ClusterStat::kUpdateSuccess);
      cluster_.assign(assignment);
      cluster_.discovery_answered();
    });
  }

 private:
  Cluster& cluster_;
  std::shared_ptr<EndpointSource> source_;
};

}  // namespace

std::unique_ptr<Discovery> make_discovery(Cluster& cluster) {
  switch (cluster.spec().type) {
    case DiscoveryType::kStrictDns:
    case DiscoveryType::kLogicalDns: return std::make_unique<DnsDiscovery>(cluster);
    case DiscoveryType::kEds:
      if (cluster.spec().endpoints) return std::make_unique<PushedDiscovery>(cluster);
      break;
    case DiscoveryType::kStatic:
    case DiscoveryType::kOriginalDst: break;
  }
  return nullptr;
}

}  // namespace proa::upstream
