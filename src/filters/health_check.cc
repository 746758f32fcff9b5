// Answers health probes of a load balancer in front of us, and fails them while the process is told to.
#include <algorithm>

#include "filters/all.h"
#include "observe/stream_info.h"
#include "upstream/clusters.h"
#include "upstream/worker_cluster.h"

namespace proa::filters {
namespace {

using http::HeaderId;

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
    const std::string_view missing = not_healthy(x);
    if (!missing.empty()) x.info().set(observe::ResponseFlag::kFailedLocalHealthCheck);
    x.respond({.status = static_cast<uint16_t>(missing.empty() ? 200 : 503),
               .details = !missing.empty()              ? missing
                          : config_.min_healthy.empty() ? "health_check_ok"
                                                        : "health_check_ok_cluster_healthy"});
    return Verdict::kDone;
  }

  void on_response(Exchange& x, http::ResponseHead& head, bool) const override {
    if (x.slot(*this)) return head.headers.set("x-envoy-upstream-healthchecked-cluster", config_.service_cluster);
    // Ordinary traffic tells the balancer at once, before its next probe.
    const bool failing = config_.failing && config_.failing->load(std::memory_order_relaxed);
    if (failing) head.headers.set(HeaderId::kXEnvoyImmediateHealthCheckFail, "true");
  }

 private:
  /// Which demand is not met, in Envoy's words; empty when all are.
  std::string_view not_healthy(Exchange& x) const {
    for (const auto& [name, percent] : config_.min_healthy) {
      upstream::WorkerCluster* cluster = x.clusters().find(name);
      if (!cluster) return "health_check_failed_no_cluster_found";
      auto hosts = cluster->hosts();
      const size_t total = hosts->size();
      if (total == 0) {
        if (percent > 0) return "health_check_failed_cluster_empty";
        continue;
      }
      const auto usable = static_cast<double>(hosts->healthy() + hosts->degraded());
      if (usable * 100 < percent * static_cast<double>(total)) return "health_check_failed_cluster_unhealthy";
    }
    return {};
  }

  HealthCheckConfig config_;
};

}  // namespace

std::unique_ptr<Filter> make_health_check(HealthCheckConfig config) {
  return std::make_unique<HealthCheck>(std::move(config));
}

}  // namespace proa::filters
