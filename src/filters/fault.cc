// Fault injection: delays and aborts for a share of the requests, by configuration or by request header.
#include <algorithm>
#include <charconv>

#include "filters/all.h"
#include "http/grpc_status.h"
#include "net/loop.h"
#include "net/timer.h"
#include "route/route.h"

namespace proa::filters {
namespace {

using observe::ResponseFlag;

enum class Stat { kDelays, kAborts, kOverflow, kActive };
constexpr observe::StatDef kStats[] = {{"fault.delays_injected"},
                                       {"fault.aborts_injected"},
                                       {"fault.faults_overflow"},
                                       {"fault.active_faults", observe::StatKind::kGauge}};

std::optional<uint64_t> number(const http::HeaderList& headers, std::string_view name) {
  const http::Header* header = headers.find(name);
  uint64_t value = 0;
  if (!header) return std::nullopt;
  auto [end, error] = std::from_chars(header->value.data(), header->value.data() + header->value.size(), value);
  if (error != std::errc() || end != header->value.data() + header->value.size()) return std::nullopt;
  return value;
}

class Fault final : public Filter {
 public:
  Fault(std::shared_ptr<const FaultConfig> config, std::shared_ptr<observe::StatGroup> stats)
      : Filter({.complete = true}), config_(std::move(config)), stats_(std::move(stats)) {}

  Verdict on_request(Exchange& x, bool) const override {
    const FaultConfig& config = config_of(x);
    if (!applies(config, x)) return Verdict::kContinue;
    const std::optional<Milliseconds> delay = delay_of(config, x);
    if (!delay || !take(config, x)) return abort(config, x) ? Verdict::kDone : Verdict::kContinue;
    stats_->add(Stat::kDelays);
    x.info().set(ResponseFlag::kDelayInjected);
    static_cast<Active*>(x.slot(*this))->timer.start(x.loop(), *delay);
    return Verdict::kWait;
  }

  void on_complete(Exchange& x) const override {
    auto* active = static_cast<Active*>(x.slot(*this));
    if (!active) return;
    active->timer.stop();
    stats_->sub(Stat::kActive);
  }

 private:
  /// A request with a fault, until it ends.
  struct Active {
    Active(const Fault& f, const FaultConfig& c, Exchange& e)
        : fault(f), config(c), exchange(e), timer(net::Timer::of<&Active::delay_over>(this)) {}
    void delay_over() {
      if (!fault.abort(config, exchange)) exchange.resume();
    }
    const Fault& fault;
    const FaultConfig& config;
    Exchange& exchange;
    net::Timer timer;
  };

  /// A request with delay and abort counts once.
  bool take(const FaultConfig& config, Exchange& x) const {
    if (x.slot(*this)) return true;
    if (stats_->value(Stat::kActive) >= static_cast<int64_t>(config.max_active)) {
      stats_->add(Stat::kOverflow);
      return false;
    }
    stats_->add(Stat::kActive);
    x.slot(*this) = x.arena().make<Active>(*this, config, x);
    return true;
  }

  const FaultConfig& config_of(Exchange& x) const {
    const auto* own = route_config<FaultConfig>(x, *this);
    return own ? *own : *config_;
  }

  static bool applies(const FaultConfig& config, Exchange& x) {
    if (!config.upstream_cluster.empty()) {
      const route::Route* route = x.route();
      if (!route || route::cluster_of(*route, x.request()) != config.upstream_cluster) return false;
    }
    return std::ranges::all_of(config.headers, [&](const auto& matcher) { return matcher.matches(x.request()); });
  }

  static bool in_share(const route::Fraction& share, Exchange& x, std::string_view header) {
    route::Fraction wanted = share;
    if (!header.empty()) {
      if (auto percent = number(x.request().headers, header)) {
        wanted.fallback.numerator = static_cast<uint32_t>(std::min<uint64_t>(wanted.fallback.numerator, *percent));
      }
    }
    return wanted.includes(x.info().random, nullptr);
  }

  static std::optional<Milliseconds> delay_of(const FaultConfig& config, Exchange& x) {
    if (config.delay_from_header) {
      auto milliseconds = number(x.request().headers, "x-envoy-fault-delay-request");
      if (!milliseconds || !in_share(config.delay_share, x, "x-envoy-fault-delay-request-percentage")) return {};
      return Milliseconds(static_cast<int64_t>(std::min<uint64_t>(*milliseconds, INT32_MAX)));
    }
    if (!config.delay || !in_share(config.delay_share, x, {})) return std::nullopt;
    return config.delay;
  }

  bool abort(const FaultConfig& config, Exchange& x) const {
    uint16_t status = config.abort_status.value_or(200);
    int grpc = config.abort_grpc.value_or(-1);
    std::string_view percentage;
    if (config.abort_from_header) {
      auto http = number(x.request().headers, "x-envoy-fault-abort-request");
      auto code = number(x.request().headers, "x-envoy-fault-abort-grpc-request");
      percentage = "x-envoy-fault-abort-request-percentage";
      if (http && *http >= 200 && *http < 600) {
        status = static_cast<uint16_t>(*http);
      } else if (code && *code <= 16) {
        grpc = static_cast<int>(*code);
      } else {
        return false;
      }
    } else if (!config.abort_status && !config.abort_grpc) {
      return false;
    }
    if (!in_share(config.abort_share, x, percentage) || !take(config, x)) return false;
    stats_->add(Stat::kAborts);
    x.info().set(ResponseFlag::kFaultInjected);
    x.respond({.status = status, .body = "fault filter abort", .details = "fault_filter_abort", .grpc_status = grpc});
    return true;
  }

  std::shared_ptr<const FaultConfig> config_;
  std::shared_ptr<observe::StatGroup> stats_;
};

}  // namespace

const observe::StatSchema kFaultSchema{"http", kStats};

std::unique_ptr<Filter> make_fault(std::shared_ptr<const FaultConfig> config,
                                   std::shared_ptr<observe::StatGroup> stats) {
  return std::make_unique<Fault>(std::move(config), std::move(stats));
}

}  // namespace proa::filters
