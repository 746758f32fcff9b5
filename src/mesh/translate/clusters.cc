#include "mesh/translate/clusters.h"

#include <fmt/format.h>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/extensions/network/dns_resolver/cares/v3/cares_dns_resolver.pb.h"
#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"
#include "mesh/translate/circuit_breakers.h"
#include "mesh/translate/client_tls.h"
#include "mesh/translate/names.h"
#include "mesh/translate/packed.h"

namespace proa::mesh {

namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::extensions::upstreams::http::v3::HttpProtocolOptions;
using istio::networking::v1alpha3::ConnectionPoolSettings;
using istio::networking::v1alpha3::LoadBalancerSettings;
using istio::networking::v1alpha3::OutlierDetection;
using istio::networking::v1alpha3::TrafficPolicy;

constexpr std::string_view kHttpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

void set_type(const AssignmentFor& what, Cluster& out) {
  switch (what.service.resolution) {
    case Resolution::fixed: {
      out.set_type(Cluster::EDS);
      auto& config = *out.mutable_eds_cluster_config()->mutable_eds_config();
      config.mutable_ads();
      config.mutable_initial_fetch_timeout();
      config.set_resource_api_version(envoy::config::core::v3::V3);
      out.mutable_eds_cluster_config()->set_service_name(out.name());
      return;
    }
    case Resolution::none:
      out.set_type(Cluster::ORIGINAL_DST);
      out.set_lb_policy(Cluster::CLUSTER_PROVIDED);
      return;
    default: break;
  }
  out.set_type(what.service.resolution == Resolution::dns ? Cluster::STRICT_DNS : Cluster::LOGICAL_DNS);
  *out.mutable_load_assignment() = assignment(what, out.name());
  *out.mutable_dns_refresh_rate() = what.world.mesh().dns_refresh_rate();
  out.mutable_dns_jitter()->set_nanos(100'000'000);
  out.set_respect_dns_ttl(true);
  out.set_dns_lookup_family(Cluster::V4_ONLY);
  envoy::extensions::network::dns_resolver::cares::v3::CaresDnsResolverConfig resolver;
  resolver.mutable_udp_max_queries()->set_value(100);
  out.mutable_typed_dns_resolver_config()->set_name("envoy.network.dns_resolver.cares");
  *out.mutable_typed_dns_resolver_config()->mutable_typed_config() = packed(resolver);
}

/// What the cluster speaks. Nothing is sent where it says no more than HTTP/1.
void set_protocol(const AssignmentFor& what, const ConnectionPoolSettings& pool, bool auto_sni, bool auto_san,
                  Cluster& out) {
  HttpProtocolOptions options;
  bool any = false;
  const auto& http = pool.http();
  auto& common = *options.mutable_common_http_protocol_options();
  if (http.has_idle_timeout()) *common.mutable_idle_timeout() = http.idle_timeout(), any = true;
  if (http.max_requests_per_connection() > 0) {
    common.mutable_max_requests_per_connection()->set_value(
        static_cast<std::uint32_t>(http.max_requests_per_connection()));
    any = true;
  }
  if (is_http(what.port.protocol) && pool.tcp().has_max_connection_duration()) {
    *common.mutable_max_connection_duration() = pool.tcp().max_connection_duration(), any = true;
  }
  if (!any) options.clear_common_http_protocol_options();
  if (auto_sni || auto_san) {
    options.mutable_upstream_http_protocol_options()->set_auto_sni(auto_sni);
    options.mutable_upstream_http_protocol_options()->set_auto_san_validation(auto_san);
    any = true;
  }
  using Http = ConnectionPoolSettings::HTTPSettings;
  const bool upgraded = what.port.protocol == Protocol::http && http.h2_upgrade_policy() == Http::UPGRADE;
  const bool as_client = http.use_client_protocol() || what.port.protocol == Protocol::automatic;
  const auto set_streams = [&](auto& http2) {
    if (http.max_concurrent_streams() > 0) {
      http2.mutable_max_concurrent_streams()->set_value(static_cast<std::uint32_t>(http.max_concurrent_streams()));
    }
  };
  if (is_http2(what.port.protocol) || upgraded) {
    set_streams(*options.mutable_explicit_http_config()->mutable_http2_protocol_options());
  } else if (as_client) {
    options.mutable_use_downstream_protocol_config()->mutable_http_protocol_options();
    set_streams(*options.mutable_use_downstream_protocol_config()->mutable_http2_protocol_options());
  } else if (any) {
    options.mutable_explicit_http_config()->mutable_http_protocol_options();
  } else {
    return;
  }
  (*out.mutable_typed_extension_protocol_options())[std::string(kHttpOptions)] = packed(options);
}

void set_outlier(const OutlierDetection& outlier, Cluster& out) {
  auto& to = *out.mutable_outlier_detection();
  to.mutable_enforcing_success_rate();  // Istio has no such detection
  if (outlier.has_consecutive_5xx_errors()) {
    const std::uint32_t count = outlier.consecutive_5xx_errors().value();
    to.mutable_consecutive_5xx()->set_value(count);
    to.mutable_enforcing_consecutive_5xx()->set_value(count > 0 ? 100 : 0);
  }
  if (outlier.has_consecutive_gateway_errors()) {
    const std::uint32_t count = outlier.consecutive_gateway_errors().value();
    to.mutable_consecutive_gateway_failure()->set_value(count);
    to.mutable_enforcing_consecutive_gateway_failure()->set_value(count > 0 ? 100 : 0);
  }
  if (outlier.has_interval()) *to.mutable_interval() = outlier.interval();
  if (outlier.has_base_ejection_time()) *to.mutable_base_ejection_time() = outlier.base_ejection_time();
  if (outlier.max_ejection_percent() > 0) {
    to.mutable_max_ejection_percent()->set_value(static_cast<std::uint32_t>(outlier.max_ejection_percent()));
  }
  if (outlier.split_external_local_origin_errors()) {
    to.set_split_external_local_origin_errors(true);
    if (outlier.has_consecutive_local_origin_failures()) {
      const std::uint32_t count = outlier.consecutive_local_origin_failures().value();
      to.mutable_consecutive_local_origin_failure()->set_value(count);
      to.mutable_enforcing_consecutive_local_origin_failure()->set_value(count > 0 ? 100 : 0);
    }
    to.mutable_enforcing_local_origin_success_rate();
  }
  // Without a minimum, a panic that sends to everybody is switched off.
  out.mutable_common_lb_config()->mutable_healthy_panic_threshold()->set_value(outlier.min_health_percent());
}

void set_hash(const LoadBalancerSettings::ConsistentHashLB& hash, Cluster& out) {
  if (hash.has_maglev()) {
    out.set_lb_policy(Cluster::MAGLEV);
    if (hash.maglev().table_size() != 0) {
      out.mutable_maglev_lb_config()->mutable_table_size()->set_value(hash.maglev().table_size());
    }
    return;
  }
  out.set_lb_policy(Cluster::RING_HASH);
  std::uint64_t least = hash.ring_hash().minimum_ring_size();
  if (least == 0) least = hash.minimum_ring_size();
  out.mutable_ring_hash_lb_config()->mutable_minimum_ring_size()->set_value(least == 0 ? 1024 : least);
}

template <class SlowStart>
void set_warmup(const istio::networking::v1alpha3::WarmupConfiguration& warmup, SlowStart& out) {
  *out.mutable_slow_start_window() = warmup.duration();
  out.mutable_aggression()->set_default_value(warmup.has_aggression() ? warmup.aggression().value() : 1);
  out.mutable_aggression()->set_runtime_key("(");  // Envoy wants one, and nobody may set it by chance
  out.mutable_min_weight_percent()->set_value(warmup.has_minimum_percent() ? warmup.minimum_percent().value() : 10);
}

void set_balancer(const AssignmentFor& what, const TrafficPolicy& policy, Cluster& out) {
  out.mutable_common_lb_config();
  if (out.type() == Cluster::ORIGINAL_DST) return;
  const LoadBalancerSettings& balancer = policy.load_balancer();
  if (balancer.has_consistent_hash()) return set_hash(balancer.consistent_hash(), out);
  switch (balancer.simple()) {
    case LoadBalancerSettings::ROUND_ROBIN: out.set_lb_policy(Cluster::ROUND_ROBIN); break;
    case LoadBalancerSettings::RANDOM: out.set_lb_policy(Cluster::RANDOM); break;
    case LoadBalancerSettings::PASSTHROUGH:
      out.set_lb_policy(Cluster::CLUSTER_PROVIDED);
      out.set_type(Cluster::ORIGINAL_DST);
      out.clear_eds_cluster_config();
      return;
    default: out.set_lb_policy(Cluster::LEAST_REQUEST); break;
  }
  if (balancer.has_warmup() && out.lb_policy() == Cluster::LEAST_REQUEST) {
    set_warmup(balancer.warmup(), *out.mutable_least_request_lb_config()->mutable_slow_start_config());
  } else if (balancer.has_warmup() && out.lb_policy() == Cluster::ROUND_ROBIN) {
    set_warmup(balancer.warmup(), *out.mutable_round_robin_lb_config()->mutable_slow_start_config());
  }
  const auto& setting =
      balancer.has_locality_lb_setting() ? balancer.locality_lb_setting() : what.world.mesh().locality_lb_setting();
  const bool enabled = !setting.has_enabled() || setting.enabled().value();
  if (enabled && policy.has_outlier_detection()) out.mutable_common_lb_config()->mutable_locality_weighted_lb_config();
}

void set_metadata(const AssignmentFor& what, bool own_tls, Cluster& out) {
  auto& fields = *(*out.mutable_metadata()->mutable_filter_metadata())["istio"].mutable_fields();
  auto& service = *fields["services"].mutable_list_value()->add_values()->mutable_struct_value()->mutable_fields();
  service["host"].set_string_value(what.service.hostname);
  service["name"].set_string_value(what.service.name);
  service["namespace"].set_string_value(what.service.ns);
  if (what.service.external) fields["external"].set_bool_value(true);
  if (what.rule != nullptr) {
    fields["config"].set_string_value(fmt::format("/apis/networking.istio.io/v1/namespaces/{}/destination-rule/{}",
                                                  what.rule->meta.ns, what.rule->meta.name));
  }
  if (what.subset != nullptr) fields["subset"].set_string_value(what.subset->name());
  if (own_tls) fields["alpn_override"].set_string_value("false");
}

void set_keepalive(const ConnectionPoolSettings& pool, Cluster& out) {
  if (!pool.tcp().has_tcp_keepalive()) return;
  const auto& from = pool.tcp().tcp_keepalive();
  auto& to = *out.mutable_upstream_connection_options()->mutable_tcp_keepalive();
  if (from.probes() > 0) to.mutable_keepalive_probes()->set_value(from.probes());
  if (from.has_time()) to.mutable_keepalive_time()->set_value(static_cast<std::uint32_t>(from.time().seconds()));
  if (from.has_interval()) {
    to.mutable_keepalive_interval()->set_value(static_cast<std::uint32_t>(from.interval().seconds()));
  }
}

Cluster passthrough(const World& world, std::string_view name) {
  Cluster out;
  out.set_name(std::string(name));
  out.set_alt_stat_name(fmt::format("{};", kPassthrough));
  out.set_type(Cluster::ORIGINAL_DST);
  out.set_lb_policy(Cluster::CLUSTER_PROVIDED);
  *out.mutable_connect_timeout() = world.mesh().connect_timeout();
  set_breakers({}, out);
  HttpProtocolOptions options;
  options.mutable_common_http_protocol_options()->mutable_idle_timeout()->set_seconds(300);
  options.mutable_use_downstream_protocol_config()->mutable_http_protocol_options();
  options.mutable_use_downstream_protocol_config()->mutable_http2_protocol_options();
  (*out.mutable_typed_extension_protocol_options())[std::string(kHttpOptions)] = packed(options);
  return out;
}

}  // namespace

std::optional<Cluster> outbound_cluster_of(const AssignmentFor& what) {
  if (what.service.resolution == Resolution::alias || what.service.resolution == Resolution::dynamic_dns ||
      what.port.protocol == Protocol::udp) {
    return std::nullopt;
  }
  TrafficPolicy policy;
  policy_of(what, policy);
  const std::string subset = what.subset == nullptr ? std::string() : what.subset->name();
  Cluster out;
  out.set_name(outbound_cluster(what.port.number, subset, what.service.hostname));
  out.set_alt_stat_name(out.name() + ";");
  set_type(what, out);
  const ConnectionPoolSettings& pool = policy.connection_pool();
  *out.mutable_connect_timeout() =
      pool.tcp().has_connect_timeout() ? pool.tcp().connect_timeout() : what.world.mesh().connect_timeout();
  set_balancer(what, policy, out);
  set_breakers(pool, out);
  if (policy.has_outlier_detection()) set_outlier(policy.outlier_detection(), out);
  set_keepalive(pool, out);
  const ClientTls tls = client_tls(what, policy, subset, out);
  set_protocol(what, pool, tls.auto_sni, tls.auto_san, out);
  set_metadata(what, tls.own, out);
  return out;
}

Cluster black_hole_cluster(const World& world) {
  Cluster out;
  out.set_name(std::string(kBlackHole));
  out.set_alt_stat_name(fmt::format("{};", kBlackHole));
  out.set_type(Cluster::STATIC);
  *out.mutable_connect_timeout() = world.mesh().connect_timeout();
  return out;
}

Cluster passthrough_cluster(const World& world) { return passthrough(world, kPassthrough); }

Cluster inbound_passthrough_cluster(const World& world) {
  Cluster out = passthrough(world, kInboundPassthrough);
  // Not redirected again: the rules of interception leave this source alone.
  auto& source = *out.mutable_upstream_bind_config()->mutable_source_address();
  source.set_address("127.0.0.6");
  source.set_port_value(0);
  return out;
}

}  // namespace proa::mesh
