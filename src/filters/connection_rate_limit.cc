// How many connections of a filter chain may come in a time, over all workers: a token for each.
#include "filters/all.h"

namespace proa::filters {
namespace {

enum class Stat { kRateLimited };
constexpr observe::StatDef kStats[] = {{"rate_limited"}};

class ConnectionRateLimit final : public NetworkFilter {
 public:
  ConnectionRateLimit(std::shared_ptr<TokenBucket> bucket, std::shared_ptr<observe::StatGroup> stats)
      : bucket_(std::move(bucket)), stats_(std::move(stats)) {}

  bool admit(observe::StreamInfo& info, Arena&) const override {
    if (bucket_->take(info.start)) return true;
    stats_->add(Stat::kRateLimited);
    info.set(observe::ResponseFlag::kUpstreamRetryLimitExceeded);  // Envoy's choice of a flag for it
    info.connection_termination_details = "local_ratelimit_close_over_limit";
    return false;
  }

 private:
  std::shared_ptr<TokenBucket> bucket_;
  std::shared_ptr<observe::StatGroup> stats_;
};

}  // namespace

const observe::StatSchema kConnectionRateLimitSchema{"local_rate_limit", kStats};

std::unique_ptr<NetworkFilter> make_connection_rate_limit(std::shared_ptr<TokenBucket> bucket,
                                                          std::shared_ptr<observe::StatGroup> stats) {
  return std::make_unique<ConnectionRateLimit>(std::move(bucket), std::move(stats));
}

}  // namespace proa::filters
