#include <algorithm>
#include <limits>

#include "upstream/lb/hash_table.h"

namespace proa::upstream {

namespace {

class Maglev final : public HashTable {
 public:
  Maglev(const LbSpec& spec, std::vector<WeightedHost> hosts) : size_(spec.table_size) {
    if (hosts.empty()) return;
    // Hosts take places in turn, so their order decides: it must not depend on the order of discovery.
    auto key = [&](const WeightedHost& host) { return hash_key(*host.host, spec.hash_by_hostname); };
    std::sort(hosts.begin(), hosts.end(),
              [&](const WeightedHost& a, const WeightedHost& b) { return key(a) < key(b); });
    std::vector<Permutation> permutations;
    double heaviest = 0;
    for (const WeightedHost& host : hosts) {
      permutations.push_back({xx_hash(key(host)) % size_, xx_hash(key(host), 1) % (size_ - 1) + 1});
      hosts_.push_back(host.host);
      heaviest = std::max(heaviest, host.weight);
    }
    constexpr uint32_t kFree = std::numeric_limits<uint32_t>::max();
    table_.assign(size_, kFree);
    std::vector<double> due(hosts.size(), 0.0);
    uint64_t taken = 0;
    for (uint32_t round = 1; taken < size_; ++round) {
      for (uint32_t i = 0; i < hosts.size() && taken < size_; ++i) {
        // The heaviest host takes a place in every round, one of a third of its weight in every third.
        if (round * hosts[i].weight < due[i]) continue;
        due[i] += heaviest;
        while (table_[permutations[i].place(size_)] != kFree) ++permutations[i].next;
        table_[permutations[i].place(size_)] = i;
        ++permutations[i].next;
        ++taken;
      }
    }
  }

  Host* choose(uint64_t hash, uint32_t attempt) const override {
    if (table_.empty()) return nullptr;
    // Flips most bits: all retries of one host's keys should not go to one other host.
    if (attempt > 0) hash ^= ~uint64_t{0} - attempt + 1;
    return hosts_[table_[hash % size_]];
  }

 private:
  struct Permutation {
    uint64_t offset;
    uint64_t skip;
    uint64_t next = 0;
    uint64_t place(uint64_t size) const { return (offset + skip * next) % size; }
  };
  uint64_t size_;
  std::vector<Host*> hosts_;
  std::vector<uint32_t> table_;
};

}  // namespace

std::unique_ptr<const HashTable> make_maglev(const LbSpec& spec, const std::vector<WeightedHost>& hosts) {
  return std::make_unique<Maglev>(spec, hosts);
}

}  // namespace proa::upstream
