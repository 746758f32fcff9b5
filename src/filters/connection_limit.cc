// How many connections of a filter chain may be open at once, over all workers.
#include "filters/all.h"

namespace proa::filters {
namespace {

enum class Stat { kLimited, kActive };
constexpr observe::StatDef kStats[] = {{"limited_connections"}, {"active_connections", observe::StatKind::kGauge}};

class ConnectionLimit final : public NetworkFilter {
 public:
  ConnectionLimit(ConnectionLimitConfig config, std::shared_ptr<observe::StatGroup> stats)
      : max_(config.max_connections), stats_(std::move(stats)) {}

  bool admit(observe::StreamInfo& info, Arena&) const override {
    // Added first and taken back: two workers can then never both get the last place.
    if (open_.fetch_add(1, std::memory_order_relaxed) >= max_) {
      open_.fetch_sub(1, std::memory_order_relaxed);
      stats_->add(Stat::kLimited);
      info.connection_termination_details = "over_connection_limit";
      return false;
    }
    stats_->add(Stat::kActive);
    return true;
  }
  void on_close() const override {
    open_.fetch_sub(1, std::memory_order_relaxed);
    stats_->sub(Stat::kActive);
  }

 private:
  const uint64_t max_;
  mutable std::atomic<uint64_t> open_{0};
  std::shared_ptr<observe::StatGroup> stats_;
};

}  // namespace

const observe::StatSchema kConnectionLimitSchema{"connection_limit", kStats};

std::unique_ptr<NetworkFilter> make_connection_limit(ConnectionLimitConfig config,
                                                     std::shared_ptr<observe::StatGroup> stats) {
  return std::make_unique<ConnectionLimit>(config, std::move(stats));
}

}  // namespace proa::filters
