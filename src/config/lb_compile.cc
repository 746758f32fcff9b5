#include "config/lb_compile.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/prime.h"
#include "config/cluster_values.h"
#include "config/supported.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/load_balancing_policies/cluster_provided/v3/cluster_provided.pb.h"
#include "envoy/extensions/load_balancing_policies/common/v3/common.pb.h"
#include "envoy/extensions/load_balancing_policies/least_request/v3/least_request.pb.h"
#include "envoy/extensions/load_balancing_policies/maglev/v3/maglev.pb.h"
#include "envoy/extensions/load_balancing_policies/random/v3/random.pb.h"
#include "envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash.pb.h"
#include "envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.pb.h"

namespace proa::config {

namespace cv3 = envoy::config::cluster::v3;
namespace policies = envoy::extensions::load_balancing_policies;
using cv3::Cluster;
using upstream::LbPolicy;
using upstream::LbSpec;

namespace {

upstream::SubsetFallback fallback_of(Cluster::LbSubsetConfig::LbSubsetFallbackPolicy from) {
  switch (from) {
    case Cluster::LbSubsetConfig::ANY_ENDPOINT: return upstream::SubsetFallback::kAnyEndpoint;
    case Cluster::LbSubsetConfig::DEFAULT_SUBSET: return upstream::SubsetFallback::kDefaultSubset;
    default: return upstream::SubsetFallback::kNoFallback;
  }
}

upstream::SubsetFallback fallback_of(Cluster::LbSubsetConfig::LbSubsetSelector::LbSubsetSelectorFallbackPolicy from) {
  using Selector = Cluster::LbSubsetConfig::LbSubsetSelector;
  switch (from) {
    case Selector::NO_FALLBACK: return upstream::SubsetFallback::kNoFallback;
    case Selector::ANY_ENDPOINT: return upstream::SubsetFallback::kAnyEndpoint;
    case Selector::DEFAULT_SUBSET: return upstream::SubsetFallback::kDefaultSubset;
    case Selector::KEYS_SUBSET: return upstream::SubsetFallback::kKeysSubset;
    default: return upstream::SubsetFallback::kNotDefined;
  }
}

std::vector<std::string> sorted(const google::protobuf::RepeatedPtrField<std::string>& from) {
  std::vector<std::string> keys(from.begin(), from.end());
  std::ranges::sort(keys);
  return keys;
}

std::shared_ptr<const upstream::SubsetSpec> compile_subsets(const Cluster::LbSubsetConfig& from) {
  auto to = std::make_shared<upstream::SubsetSpec>();
  to->fallback = fallback_of(from.fallback_policy());
  to->default_subset = subset_values(from.default_subset());
  for (const auto& selector : from.subset_selectors()) {
    to->selectors.push_back({.keys = sorted(selector.keys()),
                             .fallback = fallback_of(selector.fallback_policy()),
                             .fallback_keys = sorted(selector.fallback_keys_subset()),
                             .single_host_per_subset = selector.single_host_per_subset()});
  }
  to->locality_weight_aware = from.locality_weight_aware();
  to->scale_locality_weight = from.scale_locality_weight();
  to->panic_mode_any = from.panic_mode_any();
  to->list_as_any = from.list_as_any();
  return to;
}

upstream::ZoneAwareSpec zone_aware(const auto& from) {
  upstream::ZoneAwareSpec to;
  if (from.has_routing_enabled()) to.routing_percent = static_cast<uint32_t>(from.routing_enabled().value());
  if (from.has_min_cluster_size()) to.min_cluster_size = from.min_cluster_size().value();
  to.fail_traffic_on_panic = from.fail_traffic_on_panic();
  return to;
}

upstream::SlowStartSpec slow_start(const auto& from) {
  upstream::SlowStartSpec to;
  to.window = milliseconds(from.slow_start_window());
  if (from.has_aggression()) to.aggression = from.aggression().default_value();
  if (from.has_min_weight_percent()) to.min_weight_percent = from.min_weight_percent().value();
  return to;
}

void compile_common(const Cluster::CommonLbConfig& from, LbSpec& to) {
  if (from.has_healthy_panic_threshold()) {
    to.panic_threshold = static_cast<uint32_t>(from.healthy_panic_threshold().value());
  }
  to.locality_weighted = from.has_locality_weighted_lb_config();
  if (from.has_zone_aware_lb_config()) to.zone_aware = zone_aware(from.zone_aware_lb_config());
  const auto& hashing = from.consistent_hashing_lb_config();
  to.hash_by_hostname = hashing.use_hostname_for_hashing();
  to.hash_balance_factor = hashing.hash_balance_factor().value();
}

/// `at`: where the ring or the table is configured.
void check_sizes(const LbSpec& to, const Site& at) {
  if (to.policy == LbPolicy::kRingHash && to.min_ring_size > to.max_ring_size) {
    at.error(
        fmt::format("minimum_ring_size is {}, above the maximum_ring_size {}", to.min_ring_size, to.max_ring_size));
  }
  if (to.policy == LbPolicy::kMaglev && !is_prime(to.table_size)) {
    (at / "table_size").error(fmt::format("is {}, which is no prime number", to.table_size), "use 65537, say");
  }
}

void compile_enum(const Cluster& from, LbSpec& to, const Site& at) {
  switch (from.lb_policy()) {
    case Cluster::LEAST_REQUEST: to.policy = LbPolicy::kLeastRequest; break;
    case Cluster::RANDOM: to.policy = LbPolicy::kRandom; break;
    case Cluster::RING_HASH: to.policy = LbPolicy::kRingHash; break;
    case Cluster::MAGLEV: to.policy = LbPolicy::kMaglev; break;
    case Cluster::CLUSTER_PROVIDED: to.policy = LbPolicy::kClusterProvided; break;
    case Cluster::LOAD_BALANCING_POLICY_CONFIG:
      (at / "lb_policy").error("says that load_balancing_policy is set, which is not", "set load_balancing_policy");
      break;
    default: to.policy = LbPolicy::kRoundRobin; break;
  }
  if (from.has_round_robin_lb_config()) to.slow_start = slow_start(from.round_robin_lb_config().slow_start_config());
  if (from.has_least_request_lb_config()) {
    const auto& config = from.least_request_lb_config();
    if (config.has_choice_count()) to.choice_count = config.choice_count().value();
    if (config.has_active_request_bias()) to.active_request_bias = config.active_request_bias().default_value();
    to.slow_start = slow_start(config.slow_start_config());
  }
  if (from.has_ring_hash_lb_config()) {
    const auto& config = from.ring_hash_lb_config();
    if (config.has_minimum_ring_size()) to.min_ring_size = config.minimum_ring_size().value();
    if (config.has_maximum_ring_size()) to.max_ring_size = config.maximum_ring_size().value();
    if (config.hash_function() == Cluster::RingHashLbConfig::MURMUR_HASH_2) {
      to.hash_function = upstream::HashFunction::kMurmurHash2;
    }
  }
  if (from.maglev_lb_config().has_table_size()) to.table_size = from.maglev_lb_config().table_size().value();
  check_sizes(to, at / (from.has_maglev_lb_config() ? "maglev_lb_config" : "ring_hash_lb_config"));
}

void compile_locality(const policies::common::v3::LocalityLbConfig& from, LbSpec& to) {
  to.locality_weighted = from.has_locality_weighted_lb_config();
  if (from.has_zone_aware_lb_config()) to.zone_aware = zone_aware(from.zone_aware_lb_config());
}

void compile_hashing(const policies::common::v3::ConsistentHashingLbConfig& from, LbSpec& to) {
  to.hash_by_hostname = from.use_hostname_for_hashing();
  to.hash_balance_factor = from.hash_balance_factor().value();
}

/// False when the extension is not one of ours.
bool compile_policy(const google::protobuf::Message& message, LbSpec& to) {
  if (auto* config = dynamic_cast<const policies::round_robin::v3::RoundRobin*>(&message)) {
    to.policy = LbPolicy::kRoundRobin;
    to.slow_start = slow_start(config->slow_start_config());
    compile_locality(config->locality_lb_config(), to);
  } else if (auto* config = dynamic_cast<const policies::least_request::v3::LeastRequest*>(&message)) {
    to.policy = LbPolicy::kLeastRequest;
    if (config->has_choice_count()) to.choice_count = config->choice_count().value();
    if (config->has_active_request_bias()) to.active_request_bias = config->active_request_bias().default_value();
    to.full_scan = config->selection_method() == policies::least_request::v3::LeastRequest::FULL_SCAN;
    to.slow_start = slow_start(config->slow_start_config());
    compile_locality(config->locality_lb_config(), to);
  } else if (auto* config = dynamic_cast<const policies::random::v3::Random*>(&message)) {
    to.policy = LbPolicy::kRandom;
    compile_locality(config->locality_lb_config(), to);
  } else if (auto* config = dynamic_cast<const policies::ring_hash::v3::RingHash*>(&message)) {
    to.policy = LbPolicy::kRingHash;
    if (config->has_minimum_ring_size()) to.min_ring_size = config->minimum_ring_size().value();
    if (config->has_maximum_ring_size()) to.max_ring_size = config->maximum_ring_size().value();
    if (config->hash_function() == policies::ring_hash::v3::RingHash::MURMUR_HASH_2) {
      to.hash_function = upstream::HashFunction::kMurmurHash2;
    }
    compile_hashing(config->consistent_hashing_lb_config(), to);
  } else if (auto* config = dynamic_cast<const policies::maglev::v3::Maglev*>(&message)) {
    to.policy = LbPolicy::kMaglev;
    if (config->has_table_size()) to.table_size = config->table_size().value();
    compile_hashing(config->consistent_hashing_lb_config(), to);
  } else if (dynamic_cast<const policies::cluster_provided::v3::ClusterProvided*>(&message)) {
    to.policy = LbPolicy::kClusterProvided;
  } else {
    return false;
  }
  return true;
}

/// The first policy of the list that we know, as Envoy does.
void compile_list(const cv3::LoadBalancingPolicy& from, LbSpec& to, const Site& at) {
  const Site policies = at / "policies";
  for (int i = 0; i < from.policies_size(); ++i) {
    Result<Payload> payload = open_any(from.policies(i).typed_extension_config().typed_config());
    if (!payload || !compile_policy(*payload->message, to)) continue;
    const Site item = policies[static_cast<size_t>(i)];
    const Site config = item / "typed_extension_config.typed_config";
    return check_sizes(to, payload->inside(config));
  }
  at.error("none of the policies is supported", "use round_robin, least_request, random, ring_hash or maglev");
}

/// What a policy of the list says itself, or cannot have at all.
void check_beside_list(const Cluster& from, const Site& at) {
  auto refuse = [&](bool given, std::string_view field, std::string fix) {
    if (given) (at / field).error("cannot stand beside load_balancing_policy", std::move(fix));
  };
  const auto& common = from.common_lb_config();
  const std::string fix = "set it in the policy's own locality_lb_config or consistent_hashing_lb_config";
  refuse(from.has_lb_subset_config(), "lb_subset_config", "use lb_policy");
  refuse(common.has_zone_aware_lb_config(), "common_lb_config.zone_aware_lb_config", fix);
  refuse(common.has_locality_weighted_lb_config(), "common_lb_config.locality_weighted_lb_config", fix);
  refuse(common.has_consistent_hashing_lb_config(), "common_lb_config.consistent_hashing_lb_config", fix);
}

void check_provided(const Cluster& from, const LbSpec& to, const Site& at) {
  const bool provided = to.policy == LbPolicy::kClusterProvided;
  if (from.type() == Cluster::ORIGINAL_DST && !provided) {
    (at / "lb_policy").error("does not fit a cluster of type ORIGINAL_DST", "set lb_policy: CLUSTER_PROVIDED");
  } else if (from.type() != Cluster::ORIGINAL_DST && provided) {
    (at / "lb_policy").error("CLUSTER_PROVIDED is for clusters of type ORIGINAL_DST", "use ROUND_ROBIN, say");
  }
  if (provided && to.subset) (at / "lb_subset_config").error("cannot stand beside lb_policy: CLUSTER_PROVIDED");
}

}  // namespace

std::shared_ptr<const LbSpec> compile_lb(const Cluster& from, const Site& at) {
  auto to = std::make_shared<LbSpec>();
  compile_common(from.common_lb_config(), *to);
  if (from.has_load_balancing_policy()) {
    compile_list(from.load_balancing_policy(), *to, at / "load_balancing_policy");
    check_beside_list(from, at);
  } else {
    compile_enum(from, *to, at);
  }
  if (from.lb_subset_config().subset_selectors_size() > 0) to->subset = compile_subsets(from.lb_subset_config());
  check_provided(from, *to, at);
  return to;
}

void add_lb_fields(SupportedTable& table) {
  table.add(supported<Cluster::LbSubsetConfig>({"fallback_policy", "default_subset", "subset_selectors",
                                                "locality_weight_aware", "scale_locality_weight", "panic_mode_any",
                                                "list_as_any"}));
  table.add(supported<Cluster::LbSubsetConfig::LbSubsetSelector>(
      {"keys", "single_host_per_subset", "fallback_policy", "fallback_keys_subset"}));
  table.add(
      supported<Cluster::CommonLbConfig>({"healthy_panic_threshold", "locality_weighted_lb_config",
                                          "zone_aware_lb_config", "consistent_hashing_lb_config",
                                          "ignore_new_hosts_until_first_hc", "close_connections_on_host_set_change"})
          .harmless({"update_merge_window"}, "changes of one turn of the loop are merged"));
  table.add(supported<Cluster::CommonLbConfig::LocalityWeightedLbConfig>({}));
  table.add(supported<Cluster::CommonLbConfig::ZoneAwareLbConfig>(
      {"routing_enabled", "min_cluster_size", "fail_traffic_on_panic"}));
  table.add(supported<Cluster::CommonLbConfig::ConsistentHashingLbConfig>(
      {"use_hostname_for_hashing", "hash_balance_factor"}));
  table.add(supported<Cluster::RoundRobinLbConfig>({"slow_start_config"}));
  table.add(supported<Cluster::LeastRequestLbConfig>({"choice_count", "active_request_bias", "slow_start_config"}));
  table.add(supported<Cluster::SlowStartConfig>({"slow_start_window", "aggression", "min_weight_percent"}));
  table.add(supported<envoy::config::core::v3::RuntimeDouble>({"default_value"})
                .harmless({"runtime_key"}, "the default is used"));
  table.add(supported<Cluster::RingHashLbConfig>({"minimum_ring_size", "maximum_ring_size", "hash_function"}));
  table.add(supported<Cluster::MaglevLbConfig>({"table_size"}));
  table.add(supported<cv3::LoadBalancingPolicy>({"policies"}));
  table.add(supported<cv3::LoadBalancingPolicy::Policy>({"typed_extension_config"}));
  table.add(supported<envoy::config::core::v3::TypedExtensionConfig>({"name", "typed_config"}));
  table.add(
      supported<policies::common::v3::SlowStartConfig>({"slow_start_window", "aggression", "min_weight_percent"}));
  table.add(supported<policies::common::v3::LocalityLbConfig>({"locality_weighted_lb_config", "zone_aware_lb_config"}));
  table.add(supported<policies::common::v3::LocalityLbConfig::LocalityWeightedLbConfig>({}));
  table.add(supported<policies::common::v3::LocalityLbConfig::ZoneAwareLbConfig>(
      {"routing_enabled", "min_cluster_size", "fail_traffic_on_panic"}));
  table.add(
      supported<policies::common::v3::ConsistentHashingLbConfig>({"use_hostname_for_hashing", "hash_balance_factor"}));
  table.add(supported<policies::round_robin::v3::RoundRobin>({"slow_start_config", "locality_lb_config"}));
  table.add(supported<policies::least_request::v3::LeastRequest>(
      {"choice_count", "active_request_bias", "slow_start_config", "locality_lb_config", "selection_method"}));
  table.add(supported<policies::random::v3::Random>({"locality_lb_config"}));
  table.add(supported<policies::ring_hash::v3::RingHash>(
      {"hash_function", "minimum_ring_size", "maximum_ring_size", "consistent_hashing_lb_config"}));
  table.add(supported<policies::maglev::v3::Maglev>({"table_size", "consistent_hashing_lb_config"}));
  table.add(supported<policies::cluster_provided::v3::ClusterProvided>({}));
}

}  // namespace proa::config
