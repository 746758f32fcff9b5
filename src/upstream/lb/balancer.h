// The choice of a host: one object per host set, immutable but for atomic turns, shared by all workers.
#pragma once

#include <memory>

#include "base/random.h"
#include "upstream/lb/host_set.h"
#include "upstream/lb/lb_context.h"
#include "upstream/lb/lb_spec.h"

namespace proa::upstream {

/// Any thread; choose() locks nothing and allocates nothing (building subsets on first use apart).
class Balancer {
 public:
  virtual ~Balancer() = default;
  /// nullptr when no host will do. The host lives as long as the host set.
  virtual Host* choose(LbContext& context, Random& random) const = 0;
};

/// What a balancer may look at besides the hosts; outlives it.
struct LbInputs {
  /// Hosts of the cluster this proxy belongs to, for zone-aware routing; may be null.
  std::shared_ptr<const HostSet> local_hosts;
  uint64_t seed = 0;  ///< start of turns, so that proxies started together do not march in step
};

/// `spec` and `hosts` are kept. Takes time in proportion to the hosts (and the ring size): once per host set.
std::shared_ptr<const Balancer> make_balancer(std::shared_ptr<const LbSpec> spec, std::shared_ptr<const HostSet> hosts,
                                              const LbInputs& inputs);

/// As above without subsets.
std::shared_ptr<const Balancer> make_plain_balancer(std::shared_ptr<const LbSpec> spec,
                                                    std::shared_ptr<const HostSet> hosts, const LbInputs& inputs);

}  // namespace proa::upstream
