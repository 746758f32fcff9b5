// Answers health probes of a load balancer in front of us, and fails them while the process is told to.
#include <algorithm>

#include "filters/all.h"
#include "observe/stream_info.h"
#include "upstream/clusters.h"
#include "upstream/worker_cluster.h"

namespace proa::filters {
namespace {

class HealthCheck final : public Filter {
 public:
  explicit HealthCheck(HealthCheckConfig config) : Filter({.response = true}), config_(std::move(config)) {}

  Verdict on_request(Exchange& x, bool) const override {
    const bool probe = std::ranges::all_of(config_.headers, [&](const auto& m) { return m.matches(x.request()); });
    if (!probe) return Verdict::kContinue;
    x.info().health_check = true;
    x.slot(*this) = &x;
    const bool failing = config_.failing && config_.failing->load(std::memory_order_relaxed);
    if (failing) {
      x.info().set(observe::ResponseFlag::kFailedLocalHealthCheck);
      x.respond({.status = 503, .details = "health_check_failed"});
      return Verdict::kDone;
    }
    if (config_.pass_through) return Verdict::kContinue;
    const bool healthy = enough_healthy(x);
    if (!healthy) x.info().set(observe::ResponseFlag::kFailedLocalHealthCheck);
    x.respond({.status = static_cast<uint16_t>(healthy ? 200 : 503),
               .details = healthy ? "health_check_ok" : "health_check_failed_cluster_not_healthy"});
    return Verdict::kDone;
  }

  void on_response(Exchange& x, http::ResponseHead& head, bool) const override {
    if (!x.slot(*this)) return;
    const bool failing = config_.failing && config_.failing->load(std::memory_order_relaxed);
    if (failing) head.headers.set(http::HeaderId::kXEnvoyImmediateHealthCheckFail, "true");
  }

 private:
  bool enough_healthy(Exchange& x) const {
    for (const auto& [name, percent] : config_.min_healthy) {
      upstream::WorkerCluster* cluster = x.clusters().find(name);
      if (!cluster) return false;
      auto hosts = cluster->hosts();
      const size_t total = hosts->size();
      if (total == 0) {
        if (percent > 0) return false;
        continue;
      }
      const auto usable = static_cast<double>(hosts->healthy() + hosts->degraded());
      if (usable * 100 < percent * static_cast<double>(total)) return false;
    }
    return true;
  }

  HealthCheckConfig config_;
};

}  // namespace

std::unique_ptr<Filter> make_health_check(HealthCheckConfig config) {
  return std::make_unique<HealthCheck>(std::move(config));
}

}  // namespace proa::filters
