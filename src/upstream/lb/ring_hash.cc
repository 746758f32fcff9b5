#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "upstream/lb/hash_table.h"

namespace proa::upstream {

namespace {

class Ring final : public HashTable {
 public:
  Ring(const LbSpec& spec, const std::vector<WeightedHost>& hosts) {
    if (hosts.empty()) return;
    double least = 1.0;
    for (const WeightedHost& host : hosts) least = std::min(least, host.weight);
    // The lightest host gets a whole number of points, unless that takes more than the largest ring.
    double scale = std::min(std::ceil(least * static_cast<double>(spec.min_ring_size)) / least,
                            static_cast<double>(spec.max_ring_size));
    points_.reserve(static_cast<size_t>(std::ceil(scale)));
    // Running sums: where hosts should have fractions of points, rounding does not add up.
    double made = 0;
    double wanted = 0;
    std::string key;
    for (const WeightedHost& host : hosts) {
      key.assign(hash_key(*host.host, spec.hash_by_hostname));
      key += '_';
      const size_t prefix = key.size();
      wanted += scale * host.weight;
      for (uint64_t i = 0; made < wanted; ++i, ++made) {
        char digits[24];
        auto end = std::to_chars(digits, digits + sizeof digits, i).ptr;
        key.resize(prefix);
        key.append(digits, end);
        uint64_t hash = spec.hash_function == HashFunction::kMurmurHash2 ? murmur_hash(key) : xx_hash(key);
        points_.push_back({hash, host.host});
      }
    }
    std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.hash < b.hash; });
  }

  Host* choose(uint64_t hash, uint32_t attempt) const override {
    if (points_.empty()) return nullptr;
    auto at = std::lower_bound(points_.begin(), points_.end(), hash,
                               [](const Point& point, uint64_t h) { return point.hash < h; });
    size_t index = at == points_.end() ? 0 : static_cast<size_t>(at - points_.begin());
    return points_[(index + attempt) % points_.size()].host;
  }

 private:
  struct Point {
    uint64_t hash;
    Host* host;
  };
  std::vector<Point> points_;
};

}  // namespace

std::unique_ptr<const HashTable> make_ring(const LbSpec& spec, const std::vector<WeightedHost>& hosts) {
  return std::make_unique<Ring>(spec, hosts);
}

}  // namespace proa::upstream
