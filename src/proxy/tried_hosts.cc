#include "proxy/tried_hosts.h"

#include <algorithm>

#include "observe/metadata.h"

namespace proa::proxy {
namespace {

bool has_metadata(const upstream::Host& host, const route::RetryPolicy& policy) {
  if (!host.metadata() || policy.omit_host_metadata.empty()) return false;
  return std::ranges::all_of(policy.omit_host_metadata, [&](const auto& pair) {
    const std::string path[] = {pair.first};
    const nlohmann::json* value = host.metadata()->find("envoy.lb", path);
    return value && value->dump() == pair.second;  // compact JSON, as it was configured
  });
}

}  // namespace

bool TriedHosts::reject(const upstream::Host& host) const {
  for (route::RetryHostPredicate predicate : policy_->host_predicates) {
    switch (predicate) {
      case route::RetryHostPredicate::kPreviousHosts:
        if (std::ranges::any_of(hosts_, [&](const auto& tried) { return tried.get() == &host; })) return true;
        break;
      case route::RetryHostPredicate::kOmitCanaryHosts:
        if (host.canary()) return true;
        break;
      case route::RetryHostPredicate::kOmitHostMetadata:
        if (has_metadata(host, *policy_)) return true;
        break;
    }
  }
  return false;
}

}  // namespace proa::proxy
