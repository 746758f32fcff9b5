#include "upstream/worker_cluster.h"

#include <algorithm>

#include "http/message.h"
#include "upstream/lb/random.h"
#include "upstream/tcp_attempt.h"

namespace proa::upstream {

WorkerCluster::WorkerCluster(std::shared_ptr<Cluster> cluster, net::Loop& loop, ConnectionFactory& factory)
    : cluster_(std::move(cluster)), loop_(loop), factory_(factory) {
  refresh();
}

WorkerCluster::~WorkerCluster() {
  while (TcpAttempt* attempt = attempts_.pop_front()) delete attempt;
}

void WorkerCluster::refresh() {
  uint64_t version = cluster_->version();
  if (snapshot_ && version == version_) return;
  auto before = std::move(snapshot_);
  snapshot_ = cluster_->snapshot();
  version_ = version;
  if (cluster_->spec().type == DiscoveryType::kOriginalDst) {
    std::erase_if(original_hosts_, [](const auto& entry) {
      const Host::Hot& hot = entry.second->hot;
      return hot.active_requests.load(std::memory_order_relaxed) == 0 &&
             hot.active_connections.load(std::memory_order_relaxed) == 0;
    });
    return;
  }
  if (pools_.empty()) return;
  std::vector<const Host*> present;
  for (const PriorityHosts& priority : snapshot_->hosts->priorities()) {
    present.insert(present.end(), priority.all.begin(), priority.all.end());
  }
  std::sort(present.begin(), present.end());
  const ClusterSpec& spec = cluster_->spec();
  for (const auto& pool : pools_) {
    bool gone = !std::binary_search(present.begin(), present.end(), &pool->host());
    bool failed = spec.close_connections_on_health_failure && pool->host().health() == Health::kUnhealthy;
    if (failed) {
      pool->close_connections();
    } else if (gone || spec.close_connections_on_host_set_change) {
      pool->drain();
    }
  }
  pool_is_empty();
}

HostRef WorkerCluster::choose(LbContext& context) {
  if (cluster_->version() != version_) [[unlikely]]
    refresh();
  cluster_->note_traffic();
  if (context.now == MonoTime{}) context.now = loop_.now();
  Host* host = nullptr;
  if (cluster_->spec().type == DiscoveryType::kOriginalDst) {
    HostRef found = original_destination(context);
    if (!found) stats().add(ClusterStat::kCxNoneHealthy);
    return found;
  }
  if (!context.override_host.empty()) {
    host = override_host(context);
    if (host) context.note(LbEvent::kOverrideUsed);
    if (!host && context.override_strict) {
      stats().add(ClusterStat::kCxNoneHealthy);
      return {};
    }
  }
  if (!host) host = snapshot_->balancer->choose(context, thread_random());
  if (context.events) count_events(context);
  if (!host) stats().add(ClusterStat::kCxNoneHealthy);
  return HostRef(host);
}

Host* WorkerCluster::override_host(const LbContext& context) const {
  Host* host = snapshot_->hosts->find(context.override_host);
  if (!host || !(context.override_statuses >> static_cast<uint32_t>(host->eds_status()) & 1)) return nullptr;
  return host;
}

HostRef WorkerCluster::original_destination(const LbContext& context) {
  static const OriginalDstSpec kDefaults;
  const OriginalDstSpec& spec = spec_original_dst() ? *spec_original_dst() : kDefaults;
  net::Address address;
  if (!context.override_host.empty()) {
    if (auto parsed = net::Address::parse(context.override_host)) address = *parsed;
  } else if (spec.use_header && context.request) {
    if (const http::Header* header = context.request->headers.find(spec.header_name)) {
      auto parsed = net::Address::parse(header->value);
      if (!parsed) {
        stats().add(ClusterStat::kOriginalDstHostInvalid);
        return {};
      }
      address = *parsed;
    }
  }
  if (!address && context.original_destination) address = *context.original_destination;
  if (!address) return {};
  if (spec.port_override) address = address.with_port(spec.port_override);
  HostRef& host = original_hosts_[address];
  if (!host) host = cluster_->original_destination_host(address);
  return host;
}

void WorkerCluster::count_events(const LbContext& context) {
  static constexpr std::pair<LbEvent, ClusterStat> kStats[] = {
      {LbEvent::kHealthyPanic, ClusterStat::kLbHealthyPanic},
      {LbEvent::kSubsetSelected, ClusterStat::kLbSubsetsSelected},
      {LbEvent::kSubsetFallback, ClusterStat::kLbSubsetsFallback},
      {LbEvent::kSubsetFallbackPanic, ClusterStat::kLbSubsetsFallbackPanic},
      {LbEvent::kZoneAllDirectly, ClusterStat::kLbZoneRoutingAllDirectly},
      {LbEvent::kZoneSampled, ClusterStat::kLbZoneRoutingSampled},
      {LbEvent::kZoneCross, ClusterStat::kLbZoneRoutingCrossZone},
      {LbEvent::kZoneNoCapacityLeft, ClusterStat::kLbZoneNoCapacityLeft},
  };
  for (auto [event, stat] : kStats) {
    if (context.noted(event)) stats().add(stat);
  }
}

HttpPool* WorkerCluster::http_pool(Host& host, const PoolKey& key) {
  if (auto found = pools_.find(PoolPlace{&host, key}); found != pools_.end()) return found->get();
  while (!cluster_->take(key.priority, Resource::kPools)) {
    if (free_one_pool(key.priority)) continue;
    stats().add(ClusterStat::kCxPoolOverflow);
    return nullptr;
  }
  return pools_.insert(std::make_unique<HttpPool>(*this, HostRef(&host), key)).first->get();
}

/// Looks at every pool, of which there are no more than the limit that was reached.
bool WorkerCluster::free_one_pool(RoutingPriority priority) {
  auto idle = std::ranges::find_if(
      pools_, [priority](const auto& pool) { return pool->key().priority == priority && pool->unused(); });
  if (idle == pools_.end()) return false;
  freed_.push_back(std::move(pools_.extract(idle).value()));
  freed_.back()->retire();
  pool_is_empty();
  return true;
}

void WorkerCluster::connect_tcp(Host& host, TcpWaiter& waiter, std::shared_ptr<const TransportOptions> options,
                                RoutingPriority priority) {
  TcpAttempt::start(*this, host, waiter, std::move(options), priority);
}

void WorkerCluster::drain() {
  draining_ = true;
  for (const auto& pool : pools_) pool->drain();
  pool_is_empty();
}

bool WorkerCluster::idle() const { return holds_ == 0 && pools_.empty() && attempts_.empty(); }

void WorkerCluster::pool_is_empty() { loop_.end_of_turn(*this); }

void WorkerCluster::run() {
  freed_.clear();
  std::erase_if(pools_, [](const auto& pool) { return pool->empty(); });
  if (!draining_ || !idle()) return;
  if (auto tell = std::exchange(when_idle_, nullptr)) tell();
}

}  // namespace proa::upstream
