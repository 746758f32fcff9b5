// Ring hash and Maglev over priorities: one table for each.
#pragma once

#include <memory>
#include <vector>

#include "upstream/lb/balancer.h"
#include "upstream/lb/hash_table.h"
#include "upstream/lb/priority_load.h"

namespace proa::upstream {

/// Without a hash in the context the choice is random. Locality weights are part of the host's weight, not of its
/// availability, as in Envoy.
class HashBalancer final : public Balancer {
 public:
  HashBalancer(std::shared_ptr<const LbSpec> spec, std::shared_ptr<const HostSet> hosts);
  Host* choose(LbContext& context, Random& random) const override;

 private:
  std::vector<WeightedHost> weigh(const PriorityHosts& hosts, bool panic) const;

  std::shared_ptr<const LbSpec> spec_;
  std::shared_ptr<const HostSet> hosts_;
  PriorityLoad load_;
  std::vector<std::unique_ptr<const HashTable>> tables_;
};

}  // namespace proa::upstream
