#include "filters/istio_stats.h"

#include <charconv>

#include "filters/grpc_stats.h"
#include "observe/metadata.h"

namespace proa::filters {
namespace {

/// "REQUESTS,RESPONSES", as grpc_stats leaves it.
std::optional<std::pair<uint64_t, uint64_t>> messages_of(const observe::StreamInfo& info) {
  if (!info.filter_state) return std::nullopt;
  const nlohmann::json* state = info.filter_state->find(kGrpcStatsState, {});
  if (!state || !state->is_string()) return std::nullopt;
  const std::string& text = state->get_ref<const std::string&>();
  std::pair<uint64_t, uint64_t> counts;
  const char* end = text.data() + text.size();
  auto [comma, error] = std::from_chars(text.data(), end, counts.first);
  if (error != std::errc() || comma == end) return std::nullopt;
  std::from_chars(comma + 1, end, counts.second);
  return counts;
}

class IstioStats final : public Filter {
 public:
  explicit IstioStats(std::shared_ptr<const IstioMetrics> metrics)
      : Filter({.complete = true}), metrics_(std::move(metrics)) {}
  void on_complete(Exchange& x) const override { metrics_->request(x.info(), messages_of(x.info())); }

 private:
  std::shared_ptr<const IstioMetrics> metrics_;
};

class NetworkIstioStats final : public NetworkFilter {
 public:
  explicit NetworkIstioStats(std::shared_ptr<const IstioMetrics> metrics) : metrics_(std::move(metrics)) {}
  bool admit(observe::StreamInfo&, Arena&) const override { return true; }
  Milliseconds report_interval() const override { return metrics_->config().tcp_interval; }
  void report(const observe::StreamInfo& info, bool last, std::shared_ptr<void>& state) const override {
    if (!state) state = std::make_shared<IstioMetrics::Relayed>();
    metrics_->connection(info, last, *std::static_pointer_cast<IstioMetrics::Relayed>(state));
  }

 private:
  std::shared_ptr<const IstioMetrics> metrics_;
};

}  // namespace

std::unique_ptr<Filter> make_istio_stats(std::shared_ptr<const IstioMetrics> metrics) {
  return std::make_unique<IstioStats>(std::move(metrics));
}
std::unique_ptr<NetworkFilter> make_network_istio_stats(std::shared_ptr<const IstioMetrics> metrics) {
  return std::make_unique<NetworkIstioStats>(std::move(metrics));
}

}  // namespace proa::filters
