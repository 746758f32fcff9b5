#include "upstream/lb/balancer.h"

#include "upstream/lb/hash_balancer.h"
#include "upstream/lb/subset_balancer.h"
#include "upstream/lb/zone_balancer.h"

namespace proa::upstream {

std::shared_ptr<const Balancer> make_plain_balancer(std::shared_ptr<const LbSpec> spec,
                                                    std::shared_ptr<const HostSet> hosts, const LbInputs& inputs) {
  if (spec->policy == LbPolicy::kRingHash || spec->policy == LbPolicy::kMaglev) {
    return std::make_shared<HashBalancer>(std::move(spec), std::move(hosts));
  }
  return std::make_shared<ZoneBalancer>(std::move(spec), std::move(hosts), inputs);
}

std::shared_ptr<const Balancer> make_balancer(std::shared_ptr<const LbSpec> spec, std::shared_ptr<const HostSet> hosts,
                                              const LbInputs& inputs) {
  if (spec->subset && !spec->subset->selectors.empty()) {
    return std::make_shared<SubsetBalancer>(std::move(spec), std::move(hosts), inputs);
  }
  return make_plain_balancer(std::move(spec), std::move(hosts), inputs);
}

}  // namespace proa::upstream
