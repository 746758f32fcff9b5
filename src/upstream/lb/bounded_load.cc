#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/random.h"
#include "upstream/lb/hash_table.h"

namespace proa::upstream {

namespace {

class BoundedLoad final : public HashTable {
 public:
  BoundedLoad(std::unique_ptr<const HashTable> table, std::vector<WeightedHost> hosts, uint32_t factor)
      : table_(std::move(table)), hosts_(std::move(hosts)), factor_(factor) {
    for (const WeightedHost& host : hosts_) weights_[host.host] = host.weight;
  }

  Host* choose(uint64_t hash, uint32_t attempt) const override {
    Host* first = table_->choose(hash, attempt);
    if (!first) return nullptr;
    uint64_t total = 0;
    for (const WeightedHost& host : hosts_) total += host.host->hot.active_requests.load(std::memory_order_relaxed);
    double least = overload(*first, weights_.at(first), total);
    if (least <= 1.0) return first;
    // Not the neighbour on the ring, which would be overrun in turn: a shuffle seeded by the hash.
    Host* best = first;
    Random order(hash);
    std::vector<uint32_t> left(hosts_.size());
    for (uint32_t i = 0; i < left.size(); ++i) left[i] = i;
    for (size_t i = 0; i < left.size(); ++i) {
      std::swap(left[i], left[i + order.below(left.size() - i)]);
      const WeightedHost& candidate = hosts_[left[i]];
      if (candidate.host == first) continue;
      double load = overload(*candidate.host, candidate.weight, total);
      if (load <= 1.0) return candidate.host;
      if (load < least) {
        least = load;
        best = candidate.host;
      }
    }
    return best;
  }

 private:
  double overload(const Host& host, double weight, uint64_t total) const {
    uint64_t slots = ((total + 1) * factor_ + 99) / 100;
    double own = std::max(1.0, std::ceil(static_cast<double>(slots) * weight));
    return host.hot.active_requests.load(std::memory_order_relaxed) / own;
  }

  std::unique_ptr<const HashTable> table_;
  std::vector<WeightedHost> hosts_;
  std::unordered_map<const Host*, double> weights_;
  uint32_t factor_;
};

}  // namespace

std::unique_ptr<const HashTable> bound_load(std::unique_ptr<const HashTable> table, std::vector<WeightedHost> hosts,
                                            uint32_t factor) {
  return std::make_unique<BoundedLoad>(std::move(table), std::move(hosts), factor);
}

}  // namespace proa::upstream
