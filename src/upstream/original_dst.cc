#include "upstream/original_dst.h"

#include "upstream/cluster.h"

namespace proa::upstream {

OriginalDstHosts::OriginalDstHosts(Cluster& cluster) : cluster_(cluster) {}

HostRef OriginalDstHosts::find_or_make(const net::Address& address) {
  static const auto kNowhere = std::make_shared<const Locality>();
  std::lock_guard lock(mutex_);
  Entry& entry = hosts_[address];
  if (!entry.host) {
    Endpoint endpoint;
    endpoint.addresses.push_back(address);
    entry.host = make_host(std::move(endpoint), kNowhere);
    cluster_.prepare(*entry.host);
  }
  entry.asked = true;
  return entry.host;
}

void OriginalDstHosts::start() {
  const auto& spec = cluster_.spec().original_dst;
  Milliseconds interval = spec ? spec->cleanup_interval : OriginalDstSpec{}.cleanup_interval;
  if (!timer_) timer_ = std::make_unique<net::Timer>(net::Timer::of<&OriginalDstHosts::clean_up>(this));
  timer_->start(*cluster_.context().main_loop, interval);
}

void OriginalDstHosts::clean_up() {
  {
    std::lock_guard lock(mutex_);
    for (auto at = hosts_.begin(); at != hosts_.end();) {
      Entry& entry = at->second;
      const Host::Hot& hot = entry.host->hot;
      uint64_t uses = hot.rq_total.load(std::memory_order_relaxed) + hot.cx_total.load(std::memory_order_relaxed);
      bool asked = std::exchange(entry.asked, false);
      bool used = std::exchange(entry.uses, uses) != uses;
      bool busy = hot.active_requests.load(std::memory_order_relaxed) != 0 ||
                  hot.active_connections.load(std::memory_order_relaxed) != 0;
      at = asked || used || busy ? std::next(at) : hosts_.erase(at);
    }
  }
  cluster_.hosts_changed();
  start();
}

std::vector<HostSet::Member> OriginalDstHosts::members() const {
  std::lock_guard lock(mutex_);
  std::vector<HostSet::Member> members;
  members.reserve(hosts_.size());
  for (const auto& [address, entry] : hosts_) members.push_back({entry.host, 0});
  return members;
}

}  // namespace proa::upstream
