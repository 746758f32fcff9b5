// Consistent hashing over the hosts of one priority.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "upstream/lb/host.h"
#include "upstream/lb/lb_spec.h"

namespace proa::upstream {

/// A host and its part of the traffic; all parts of a table sum up to 1.
struct WeightedHost {
  Host* host;
  double weight;
};

/// Immutable; any thread.
class HashTable {
 public:
  virtual ~HashTable() = default;
  /// nullptr when the table is empty. `attempt` above 0 asks for another host than the attempts before; it may be
  /// the same one by chance.
  virtual Host* choose(uint64_t hash, uint32_t attempt) const = 0;
};

/// What a host is hashed by.
std::string_view hash_key(const Host& host, bool by_hostname);

/// Ketama as Envoy builds it: points "ADDRESS_i", so that the same hosts give the same ring as there.
std::unique_ptr<const HashTable> make_ring(const LbSpec& spec, const std::vector<WeightedHost>& hosts);
/// Maglev (Eisenbud et al., NSDI 2016) with weights, as Envoy builds it.
std::unique_ptr<const HashTable> make_maglev(const LbSpec& spec, const std::vector<WeightedHost>& hosts);
/// Consistent hashing with bounded loads (arXiv 1608.01350, 1908.08762): a host over `factor` percent of its share of
/// the active requests passes them on, in an order that depends on the hash only.
std::unique_ptr<const HashTable> bound_load(std::unique_ptr<const HashTable> table, std::vector<WeightedHost> hosts,
                                            uint32_t factor);

uint64_t xx_hash(std::string_view bytes, uint64_t seed = 0);
/// MurmurHash2, 64-bit, with the seed of libstdc++'s std::hash.
uint64_t murmur_hash(std::string_view bytes);

}  // namespace proa::upstream
