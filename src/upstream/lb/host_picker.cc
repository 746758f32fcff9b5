#include "upstream/lb/host_picker.h"

#include <algorithm>
#include <cmath>

namespace proa::upstream {

namespace {
// How often a host that is still warming up is passed over before it is taken anyway.
constexpr int kMaxSlowStartSkips = 16;
}  // namespace

HostPicker::HostPicker(const LbSpec& spec, std::span<Host* const> hosts, uint64_t seed)
    : spec_(spec), hosts_(hosts), turn_(seed % (1ULL << 32)) {
  std::vector<uint32_t> weights;
  weights.reserve(hosts.size());
  bool unequal = false;
  for (const Host* host : hosts) {
    weights.push_back(host->weight());
    unequal = unequal || weights.back() != weights.front();
    if (spec.slow_start.window.count() > 0) {
      slow_start_end_ = std::max(slow_start_end_, host->healthy_since() + spec.slow_start.window);
    }
  }
  if (!unequal) return;
  if (spec.policy == LbPolicy::kRoundRobin) {
    schedule_ = std::make_unique<StrideSchedule>(weights);
    return;
  }
  uint64_t sum = 0;
  cumulative_.reserve(weights.size());
  for (uint32_t weight : weights) cumulative_.push_back(sum += weight);
}

Host* HostPicker::pick(MonoTime now, Random& random) const {
  if (hosts_.size() <= 1) return hosts_.empty() ? nullptr : hosts_[0];
  switch (spec_.policy) {
    case LbPolicy::kLeastRequest: return least_request(now, random);
    case LbPolicy::kRandom: return sample(random);
    default: break;
  }
  Host* host = round_robin(random);
  if (now < slow_start_end_) {
    for (int i = 0; i < kMaxSlowStartSkips && !accept(*host, now, random); ++i) host = round_robin(random);
  }
  return host;
}

Host* HostPicker::round_robin(Random&) const {
  if (schedule_) return hosts_[schedule_->pick(turn_)];
  return hosts_[turn_.fetch_add(1, std::memory_order_relaxed) % hosts_.size()];
}

Host* HostPicker::sample(Random& random) const {
  if (cumulative_.empty()) return hosts_[random.below(hosts_.size())];
  uint64_t point = random.below(cumulative_.back());
  return hosts_[std::upper_bound(cumulative_.begin(), cumulative_.end(), point) - cumulative_.begin()];
}

Host* HostPicker::sample_ready(MonoTime now, Random& random) const {
  Host* host = sample(random);
  if (now < slow_start_end_) {
    for (int i = 0; i < kMaxSlowStartSkips && !accept(*host, now, random); ++i) host = sample(random);
  }
  return host;
}

bool HostPicker::less_loaded(const Host& a, const Host& b) const {
  // Candidates are sampled by weight already, so an idle cluster follows the weights; under load, each host should
  // carry active requests in proportion to its weight.
  double load_a = a.hot.active_requests.load(std::memory_order_relaxed);
  double load_b = b.hot.active_requests.load(std::memory_order_relaxed);
  if (spec_.active_request_bias != 1.0) {
    load_a = std::pow(load_a, spec_.active_request_bias);
    load_b = std::pow(load_b, spec_.active_request_bias);
  }
  if (cumulative_.empty()) return load_a < load_b;
  return load_a * b.weight() < load_b * a.weight();
}

Host* HostPicker::least_request(MonoTime now, Random& random) const {
  if (spec_.active_request_bias == 0) return sample_ready(now, random);  // Envoy: becomes round robin by weight
  if (spec_.full_scan) {
    size_t start = random.below(hosts_.size());  // ties go to a random one
    Host* best = hosts_[start];
    for (size_t i = 1; i < hosts_.size(); ++i) {
      Host* host = hosts_[(start + i) % hosts_.size()];
      if (less_loaded(*host, *best)) best = host;
    }
    return best;
  }
  Host* best = sample_ready(now, random);
  for (uint32_t i = 1; i < spec_.choice_count; ++i) {
    Host* host = sample_ready(now, random);
    if (less_loaded(*host, *best)) best = host;
  }
  return best;
}

double HostPicker::slow_start_factor(const Host& host, MonoTime now) const {
  const SlowStartSpec& slow = spec_.slow_start;
  MonoTime since = host.healthy_since();
  if (now >= since + slow.window) return 1.0;
  double part = std::max(0.0, std::chrono::duration<double>(now - since) / std::chrono::duration<double>(slow.window));
  double factor = slow.aggression == 1.0 ? part : std::pow(part, 1.0 / slow.aggression);
  return std::max(factor, slow.min_weight_percent / 100.0);
}

bool HostPicker::accept(const Host& host, MonoTime now, Random& random) const {
  double factor = slow_start_factor(host, now);
  return factor >= 1.0 || random.unit() < factor;
}

}  // namespace proa::upstream
