// Which hosts a retry should not get: those tried before, canaries, hosts with certain metadata
// (RetryPolicy.retry_host_predicate).
#pragma once

#include <vector>

#include "route/retry_policy.h"
#include "upstream/lb/host.h"
#include "upstream/lb/lb_context.h"

namespace proa::proxy {

/// Belongs to one exchange. Keeps the hosts alive that it compares with.
class TriedHosts final : public upstream::HostFilter {
 public:
  void add(const upstream::HostRef& host) { hosts_.push_back(host); }
  /// The predicates of this policy; null: none.
  void use(const route::RetryPolicy* policy) { policy_ = policy; }
  bool active() const { return policy_ && !policy_->host_predicates.empty() && !hosts_.empty(); }
  bool reject(const upstream::Host& host) const override;

 private:
  const route::RetryPolicy* policy_ = nullptr;
  std::vector<upstream::HostRef> hosts_;
};

}  // namespace proa::proxy
