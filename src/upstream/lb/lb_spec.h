// How a cluster balances: plain configuration, compiled from Envoy's lb_policy and load_balancing_policy.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "upstream/lb/endpoint.h"

namespace proa::upstream {

enum class LbPolicy : uint8_t {
  kRoundRobin,
  kLeastRequest,
  kRandom,
  kRingHash,
  kMaglev,
  kClusterProvided,  ///< the discovery type chooses: ORIGINAL_DST
};

enum class HashFunction : uint8_t { kXxHash, kMurmurHash2 };

/// Which part of the hosts a request may go to when route metadata finds no subset.
enum class SubsetFallback : uint8_t { kNotDefined, kNoFallback, kAnyEndpoint, kDefaultSubset, kKeysSubset };

struct SubsetSelector {
  std::vector<std::string> keys;  ///< sorted, under "envoy.lb"
  SubsetFallback fallback = SubsetFallback::kNotDefined;
  std::vector<std::string> fallback_keys;  ///< sorted; a proper part of `keys`
  bool single_host_per_subset = false;
};

/// Key and value as compact JSON, sorted by key.
using SubsetValues = std::vector<std::pair<std::string, std::string>>;

struct SubsetSpec {
  std::vector<SubsetSelector> selectors;
  SubsetFallback fallback = SubsetFallback::kNoFallback;
  SubsetValues default_subset;
  bool locality_weight_aware = false;
  bool scale_locality_weight = false;
  bool panic_mode_any = false;
  bool list_as_any = false;
  bool allow_redundant_keys = false;
};

struct SlowStartSpec {
  Milliseconds window{0};  ///< 0: off
  double aggression = 1.0;
  double min_weight_percent = 10.0;
};

struct ZoneAwareSpec {
  uint32_t routing_percent = 100;
  uint64_t min_cluster_size = 6;
  bool fail_traffic_on_panic = false;
  bool force_local = false;  ///< send to the own zone whenever it has a healthy host
};

/// Immutable, shared by all that balance with it.
struct LbSpec {
  LbPolicy policy = LbPolicy::kRoundRobin;

  // Least request.
  uint32_t choice_count = 2;
  double active_request_bias = 1.0;
  bool full_scan = false;

  // Ring hash and Maglev.
  uint64_t min_ring_size = 1024;
  uint64_t max_ring_size = 8 * 1024 * 1024;
  HashFunction hash_function = HashFunction::kXxHash;
  uint64_t table_size = 65537;  ///< Maglev; a prime
  bool hash_by_hostname = false;
  uint32_t hash_balance_factor = 0;  ///< percent of the average load a host may have; 0: unbounded

  // Common.
  uint32_t panic_threshold = 50;  ///< percent of healthy hosts; 0: no panic
  bool locality_weighted = false;
  std::optional<ZoneAwareSpec> zone_aware;   ///< excludes locality_weighted
  SlowStartSpec slow_start;                  ///< round robin and least request
  std::shared_ptr<const SubsetSpec> subset;  ///< null: no subsets
};

}  // namespace proa::upstream
