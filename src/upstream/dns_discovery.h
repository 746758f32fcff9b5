// STRICT_DNS and LOGICAL_DNS: endpoints that are names.
#pragma once

#include <memory>
#include <vector>

#include "net/timer.h"
#include "upstream/cluster.h"
#include "upstream/discovery.h"
#include "upstream/name_resolver.h"

namespace proa::upstream {

/// Each name is asked for on its own, and again after its time to live (or the refresh rate). What failed is asked
/// again with backoff; until then the last good answer stays. A name that suddenly has no address keeps its last ones
/// for max_stale: an outage of DNS often looks like that.
///
/// LOGICAL_DNS has one host at a time: it stays with an address while DNS lists it and connections to it succeed, so
/// that round-robin answers do not close connections at every refresh.
class DnsDiscovery final : public Discovery {
 public:
  explicit DnsDiscovery(Cluster& cluster);
  ~DnsDiscovery() override;
  void start() override;

 private:
  struct Target;
  void ask(Target& target);
  void answered(Target& target, Result<net::DnsAnswer> answer);
  void failed(Target& target);
  void succeeded(Target& target, net::DnsAnswer answer);
  void take(Target& target, std::vector<net::Address> addresses);
  void keep_current(Target& target, std::vector<net::Address>& addresses) const;
  void publish();
  void wait(Target& target, Milliseconds delay);

  Cluster& cluster_;
  const DnsSpec& spec_;
  Assignment template_;
  std::unique_ptr<NameResolver> own_names_;
  NameResolver* names_;  // null: nothing can be resolved
  std::vector<std::unique_ptr<Target>> targets_;
  size_t unanswered_ = 0;
};

}  // namespace proa::upstream
