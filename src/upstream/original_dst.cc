#include "upstream/original_dst.h"

#include "upstream/cluster.h"

namespace proa::upstream {

OriginalDstHosts::OriginalDstHosts(Cluster& cluster) : cluster_(cluster) {}

HostRef OriginalDstHosts::find_or_make(const net::Address& address) {
  static const auto kNowhere = std::make_shared<const Locality>();
  std::lock_guard lock(mutex_);
  HostRef& host = hosts_[address];
  if (!host) {
    Endpoint endpoint;
    endpoint.addresses.push_back(address);
    host = make_host(std::move(endpoint), kNowhere);
    cluster_.prepare(*host);
  }
  return host;
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
    // Workers drop theirs, when idle, at each publication: what only this table refers to has been idle since.
    std::erase_if(hosts_, [](const auto& entry) {
      return entry.second->hot.references.load(std::memory_order_acquire) == 1;
    });
  }
  cluster_.hosts_changed();
  start();
}

std::vector<HostSet::Member> OriginalDstHosts::members() const {
  std::lock_guard lock(mutex_);
  std::vector<HostSet::Member> members;
  members.reserve(hosts_.size());
  for (const auto& [address, host] : hosts_) members.push_back({host, 0});
  return members;
}

}  // namespace proa::upstream
