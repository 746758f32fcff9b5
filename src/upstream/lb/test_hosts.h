// Host sets for the tests of balancers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "observe/metadata.h"
#include "upstream/lb/balancer.h"

namespace proa::upstream {

struct HostPlan {
  std::string address;
  uint32_t weight = 1;
  uint32_t priority = 0;
  std::string zone = {};
  uint32_t locality_weight = 0;
  HealthStatus status = HealthStatus::kUnknown;
  std::string lb_metadata = {};  // JSON of envoy.lb
};

class TestHosts {
 public:
  explicit TestHosts(const std::vector<HostPlan>& plans) {
    for (const HostPlan& plan : plans) {
      Endpoint endpoint;
      endpoint.addresses.push_back(*net::Address::parse(plan.address));
      endpoint.weight = plan.weight;
      endpoint.status = plan.status;
      if (!plan.lb_metadata.empty()) {
        auto metadata = std::make_shared<observe::Metadata>();
        metadata->root["envoy.lb"] = nlohmann::json::parse(plan.lb_metadata);
        endpoint.metadata = metadata;
      }
      auto locality = std::make_shared<const Locality>(Locality{"", plan.zone, ""});
      members.push_back({make_host(std::move(endpoint), locality, plan.priority), plan.locality_weight});
    }
  }
  std::shared_ptr<const HostSet> set() const { return HostSet::build(members, options, ++version); }
  Host& operator[](size_t i) { return *members[i].host; }

  std::vector<HostSet::Member> members;
  HostSet::Options options;
  mutable uint64_t version = 0;
};

/// How often each address is chosen in `n` choices; "" counts none.
inline std::map<std::string, int> histogram(const Balancer& balancer, int n, LbContext context = {}) {
  Random random(7);
  std::map<std::string, int> counts;
  for (int i = 0; i < n; ++i) {
    Host* host = balancer.choose(context, random);
    ++counts[host ? host->address_text() : ""];
  }
  return counts;
}

inline std::shared_ptr<LbSpec> policy(LbPolicy which) {
  auto spec = std::make_shared<LbSpec>();
  spec->policy = which;
  return spec;
}

}  // namespace proa::upstream
