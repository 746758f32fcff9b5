#include "config/cluster_compile.h"

#include <fmt/format.h>

#include "config/cluster_values.h"
#include "config/dynamic_sources.h"
#include "config/health_compile.h"
#include "config/http_protocol_compile.h"
#include "config/lb_compile.h"
#include "config/mesh_identity.h"
#include "config/stable_bytes.h"
#include "config/supported.h"
#include "config/tls_compile.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"
#include "http/string_matcher.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace cv3 = envoy::config::cluster::v3;
namespace upstreams = envoy::extensions::upstreams::http::v3;
using cv3::Cluster;
using upstream::ClusterSpec;
using upstream::DiscoveryType;
using upstream::HttpSpec;

namespace {

constexpr std::string_view kHttpOptionsName = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

void compile_discovery(const Cluster& from, ClusterSpec& to, const Site& at, Compiler& compiler) {
  switch (from.type()) {
    case Cluster::STRICT_DNS: to.type = DiscoveryType::kStrictDns; break;
    case Cluster::LOGICAL_DNS: to.type = DiscoveryType::kLogicalDns; break;
    case Cluster::EDS: to.type = DiscoveryType::kEds; break;
    case Cluster::ORIGINAL_DST: to.type = DiscoveryType::kOriginalDst; break;
    default: to.type = DiscoveryType::kStatic; break;
  }
  const bool names = to.type == DiscoveryType::kStrictDns || to.type == DiscoveryType::kLogicalDns;
  to.assignment = compile_assignment(from.load_assignment(), names, at / "load_assignment");
  if (to.type == DiscoveryType::kEds && compiler.dynamic) {
    const auto& eds = from.eds_cluster_config();
    to.endpoints =
        compiler.dynamic->endpoints(eds.eds_config(), eds.service_name().empty() ? from.name() : eds.service_name(),
                                    at / "eds_cluster_config.eds_config");
  }
  if (to.type != DiscoveryType::kEds && from.has_eds_cluster_config()) {
    (at / "eds_cluster_config").error("is set in a cluster that is not of type EDS", "set \"type: EDS\" or remove it");
  }
  if (names) {
    auto dns = std::make_shared<upstream::DnsSpec>();
    switch (from.dns_lookup_family()) {
      case Cluster::V4_ONLY: dns->family = upstream::DnsFamily::kV4Only; break;
      case Cluster::V6_ONLY: dns->family = upstream::DnsFamily::kV6Only; break;
      case Cluster::V4_PREFERRED: dns->family = upstream::DnsFamily::kV4Preferred; break;
      case Cluster::ALL: dns->family = upstream::DnsFamily::kAll; break;
      default: break;
    }
    if (from.has_dns_refresh_rate()) dns->refresh_rate = milliseconds(from.dns_refresh_rate());
    if (from.has_dns_failure_refresh_rate()) {
      dns->failure_base = milliseconds(from.dns_failure_refresh_rate().base_interval());
      if (from.dns_failure_refresh_rate().has_max_interval()) {
        dns->failure_max = milliseconds(from.dns_failure_refresh_rate().max_interval());
      }
    }
    dns->respect_ttl = from.respect_dns_ttl();
    if (from.has_dns_jitter()) dns->jitter = milliseconds(from.dns_jitter());
    to.dns = std::move(dns);
  }
  if (to.type == DiscoveryType::kOriginalDst) {
    auto original = std::make_shared<upstream::OriginalDstSpec>();
    const auto& config = from.original_dst_lb_config();
    original->use_header = config.use_http_header();
    if (!config.http_header_name().empty()) original->header_name = http::to_lower(config.http_header_name());
    original->port_override = static_cast<uint16_t>(config.upstream_port_override().value());
    if (from.has_cleanup_interval()) original->cleanup_interval = milliseconds(from.cleanup_interval());
    to.original_dst = std::move(original);
  }
}

upstream::BreakerThresholds thresholds(const cv3::CircuitBreakers::Thresholds& from) {
  upstream::BreakerThresholds to;
  if (from.has_max_connections()) to.max_connections = from.max_connections().value();
  if (from.has_max_pending_requests()) to.max_pending_requests = from.max_pending_requests().value();
  if (from.has_max_requests()) to.max_requests = from.max_requests().value();
  if (from.has_max_retries()) to.max_retries = from.max_retries().value();
  if (from.has_max_connection_pools()) to.max_connection_pools = from.max_connection_pools().value();
  to.track_remaining = from.track_remaining();
  if (from.has_retry_budget()) {
    upstream::RetryBudgetSpec budget;
    if (from.retry_budget().has_budget_percent()) budget.percent = from.retry_budget().budget_percent().value();
    if (from.retry_budget().has_min_retry_concurrency()) {
      budget.min_concurrency = from.retry_budget().min_retry_concurrency().value();
    }
    to.retry_budget = budget;
  }
  return to;
}

std::shared_ptr<const upstream::BreakerSpec> compile_breakers(const cv3::CircuitBreakers& from) {
  auto to = std::make_shared<upstream::BreakerSpec>();
  for (const auto& entry : from.thresholds()) {
    (entry.priority() == core::HIGH ? to->of_high : to->of_default) = thresholds(entry);
  }
  for (const auto& entry : from.per_host_thresholds()) {
    if (entry.has_max_connections()) to->max_connections_per_host = entry.max_connections().value();
  }
  return to;
}

void compile_explicit(const upstreams::HttpProtocolOptions::ExplicitHttpConfig& from, HttpSpec& to, const Site& at) {
  if (from.has_http2_protocol_options()) {
    to.protocol = upstream::UpstreamProtocol::kHttp2;
    compile_http2_options(from.http2_protocol_options(), to.http2, at / "http2_protocol_options");
  } else {
    to.protocol = upstream::UpstreamProtocol::kHttp1;
    compile_http1_options(from.http_protocol_options(), to.http1, at / "http_protocol_options");
  }
}

void compile_common_http(const core::HttpProtocolOptions& from, HttpSpec& to) {
  compile_codec_limits(from, to.http1);
  compile_codec_limits(from, to.http2);
  if (from.has_idle_timeout()) to.idle_timeout = or_never(from.idle_timeout());
  if (from.has_max_requests_per_connection())
    to.max_requests_per_connection = from.max_requests_per_connection().value();
  if (from.has_max_connection_duration()) to.max_connection_duration = or_never(from.max_connection_duration());
  if (from.has_max_stream_duration()) to.max_stream_duration = or_never(from.max_stream_duration());
}

void compile_http_options(const upstreams::HttpProtocolOptions& from, HttpSpec& to, const Site& at) {
  if (from.has_explicit_http_config()) {
    compile_explicit(from.explicit_http_config(), to, at / "explicit_http_config");
  } else if (from.has_use_downstream_protocol_config()) {
    to.protocol = upstream::UpstreamProtocol::kUseDownstream;
    const auto& config = from.use_downstream_protocol_config();
    compile_http1_options(config.http_protocol_options(), to.http1,
                          at / "use_downstream_protocol_config.http_protocol_options");
    compile_http2_options(config.http2_protocol_options(), to.http2,
                          at / "use_downstream_protocol_config.http2_protocol_options");
  } else if (from.has_auto_config()) {
    to.protocol = upstream::UpstreamProtocol::kAuto;
    compile_http1_options(from.auto_config().http_protocol_options(), to.http1,
                          at / "auto_config.http_protocol_options");
    compile_http2_options(from.auto_config().http2_protocol_options(), to.http2,
                          at / "auto_config.http2_protocol_options");
  }
  compile_common_http(from.common_http_protocol_options(), to);
  const core::UpstreamHttpProtocolOptions& upstream = from.upstream_http_protocol_options();
  to.auto_sni = upstream.auto_sni();
  to.auto_san_validation = upstream.auto_san_validation();
  to.auto_sni_header = http::to_lower(upstream.override_auto_sni_header());
}

std::shared_ptr<const HttpSpec> compile_http(const Cluster& from, const Site& at) {
  auto to = std::make_shared<HttpSpec>();
  // Responses come from our own servers: names with "_" are theirs to choose.
  to->http1.underscores = to->http2.underscores = http::UnderscoreAction::kAllow;
  to->http1.max_head_bytes = to->http2.max_head_bytes = 60 * 1024;
  if (from.has_http2_protocol_options()) {  // deprecated, still common
    to->protocol = upstream::UpstreamProtocol::kHttp2;
    compile_http2_options(from.http2_protocol_options(), to->http2, at / "http2_protocol_options");
  }
  if (from.has_http_protocol_options()) {
    compile_http1_options(from.http_protocol_options(), to->http1, at / "http_protocol_options");
  }
  if (from.has_common_http_protocol_options()) compile_common_http(from.common_http_protocol_options(), *to);
  const Site extensions = at / "typed_extension_protocol_options";
  for (const auto& [name, any] : from.typed_extension_protocol_options()) {
    const Site entry = extensions.entry(name);
    Result<Payload> payload = open_any(any);
    const auto* options =
        payload ? dynamic_cast<const upstreams::HttpProtocolOptions*>(payload->message.get()) : nullptr;
    if (!options || name != kHttpOptionsName) {
      entry.error(fmt::format("{} is not known", shown(name)), fmt::format("use {}", kHttpOptionsName));
      continue;
    }
    compile_http_options(*options, *to, payload->inside(entry));
  }
  if (from.has_max_requests_per_connection())
    to->max_requests_per_connection = from.max_requests_per_connection().value();
  return to;
}

void compile_sockets(const Cluster& from, ClusterSpec& to, const Site& at, Compiler& compiler) {
  if (from.has_transport_socket()) {
    to.socket = compile_upstream_socket(from.transport_socket(), at / "transport_socket", compiler);
  }
  const Site matches = at / "transport_socket_matches";
  for (int i = 0; i < from.transport_socket_matches_size(); ++i) {
    const auto& match = from.transport_socket_matches(i);
    const Site item = matches[static_cast<size_t>(i)];
    to.socket_matches.push_back(
        {.name = match.name(),
         .match = subset_values(match.match()),
         .socket = compile_upstream_socket(match.transport_socket(), item / "transport_socket", compiler)});
  }
  auto socket = std::make_shared<upstream::SocketSpec>();
  const core::BindConfig& bind = from.upstream_bind_config();
  if (bind.has_source_address()) {
    const Site where = at / "upstream_bind_config.source_address";
    auto source = net::Address::parse_ip(bind.source_address().address(),
                                         static_cast<uint16_t>(bind.source_address().port_value()));
    source ? socket->source = *source : (where.error(source.error().message), net::Address());
  }
  if (from.upstream_connection_options().has_tcp_keepalive()) {
    socket->keep_alive = keep_alive(from.upstream_connection_options().tcp_keepalive());
  }
  const Site options = at / "upstream_bind_config.socket_options";
  for (int i = 0; i < bind.socket_options_size(); ++i) {
    const Site item = options[static_cast<size_t>(i)];
    if (auto option = socket_option(bind.socket_options(i), item)) socket->options.push_back(*option);
  }
  if (socket->source || socket->keep_alive || !socket->options.empty()) to.socket_options = std::move(socket);
}

void compile_filters(const Cluster& from, ClusterSpec& to, const Site& at, Compiler& compiler) {
  using envoy::tcp::metadataexchange::config::MetadataExchange;
  const Site list = at / "filters";
  for (int i = 0; i < from.filters_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    const std::optional<Payload> payload = open_any(from.filters(i).typed_config(), item / "typed_config");
    if (!payload) continue;
    if (auto* exchange = dynamic_cast<const MetadataExchange*>(payload->message.get())) {
      to.peer_exchange = compile_metadata_exchange(*exchange, compiler);
    }
  }
}

}  // namespace

ClusterSpec compile_cluster(const Cluster& from, const Site& at, Compiler& compiler) {
  ClusterSpec to;
  compiler.awaited.clear();
  to.name = from.name();
  to.alt_stat_name = from.alt_stat_name();
  compile_discovery(from, to, at, compiler);
  if (from.has_connect_timeout()) to.connect_timeout = milliseconds(from.connect_timeout());
  if (from.has_per_connection_buffer_limit_bytes()) to.buffer_limit = from.per_connection_buffer_limit_bytes().value();
  to.lb = compile_lb(from, at);
  to.http = compile_http(from, at);
  if (from.has_circuit_breakers()) to.breakers = compile_breakers(from.circuit_breakers());
  to.outlier = compile_outlier_detection(from, at, compiler);
  to.health_checks = compile_health_checks(from, at);
  compile_sockets(from, to, at, compiler);
  compile_filters(from, to, at, compiler);
  if (from.preconnect_policy().has_per_upstream_preconnect_ratio()) {
    auto preconnect = std::make_shared<upstream::PreconnectSpec>();
    preconnect->per_host_ratio = from.preconnect_policy().per_upstream_preconnect_ratio().value();
    to.preconnect = std::move(preconnect);
  }
  to.metadata = metadata(from.metadata());
  to.close_connections_on_health_failure = from.close_connections_on_host_health_failure();
  to.ignore_health_on_host_removal = from.ignore_health_on_host_removal();
  to.ignore_new_hosts_until_first_hc = from.common_lb_config().ignore_new_hosts_until_first_hc();
  to.close_connections_on_host_set_change = from.common_lb_config().close_connections_on_host_set_change();
  if (from.has_wait_for_warm_on_init()) to.wait_for_warm = from.wait_for_warm_on_init().value();
  to.awaited = std::exchange(compiler.awaited, {});
  to.config_hash = stable_hash(from);
  return to;
}

void add_cluster_fields(SupportedTable& table) {
  add_lb_fields(table);
  add_health_fields(table);
  table.add(supported<Cluster::EdsClusterConfig>({"eds_config", "service_name"}));
  table.add(supported<Cluster>({"name",
                                "alt_stat_name",
                                "type",
                                "eds_cluster_config",
                                "connect_timeout",
                                "per_connection_buffer_limit_bytes",
                                "lb_policy",
                                "load_assignment",
                                "health_checks",
                                "max_requests_per_connection",
                                "circuit_breakers",
                                "common_http_protocol_options",
                                "http_protocol_options",
                                "http2_protocol_options",
                                "typed_extension_protocol_options",
                                "dns_refresh_rate",
                                "dns_jitter",
                                "dns_failure_refresh_rate",
                                "respect_dns_ttl",
                                "dns_lookup_family",
                                "outlier_detection",
                                "cleanup_interval",
                                "upstream_bind_config",
                                "lb_subset_config",
                                "ring_hash_lb_config",
                                "maglev_lb_config",
                                "original_dst_lb_config",
                                "least_request_lb_config",
                                "round_robin_lb_config",
                                "common_lb_config",
                                "transport_socket",
                                "transport_socket_matches",
                                "metadata",
                                "upstream_connection_options",
                                "close_connections_on_host_health_failure",
                                "ignore_health_on_host_removal",
                                "load_balancing_policy",
                                "preconnect_policy",
                                "wait_for_warm_on_init",
                                "filters"})
                .must_know({"transport_socket", "transport_socket_matches"})
                .harmless({"protocol_selection"}, "typed_extension_protocol_options says it")
                .harmless({"track_timeout_budgets", "track_cluster_stats"}, "these statistics are not kept")
                .security({"cluster_type", "transport_socket_matcher"}));
  table.add(
      supported<cv3::Filter>({"name", "typed_config"}).must_know({"typed_config"}).security({"config_discovery"}));
  table.add(
      supported<Cluster::TransportSocketMatch>({"name", "match", "transport_socket"}).must_know({"transport_socket"}));
  table.add(supported<Cluster::RefreshRate>({"base_interval", "max_interval"}));
  table.add(supported<Cluster::OriginalDstLbConfig>({"use_http_header", "http_header_name", "upstream_port_override"}));
  table.add(supported<Cluster::PreconnectPolicy>({"per_upstream_preconnect_ratio"}));
  table.add(supported<cv3::UpstreamConnectionOptions>({"tcp_keepalive"}));
  table.add(supported<core::BindConfig>({"source_address", "socket_options"}));
  table.add(supported<cv3::CircuitBreakers>({"thresholds", "per_host_thresholds"}));
  table.add(supported<cv3::CircuitBreakers::Thresholds>({"priority", "max_connections", "max_pending_requests",
                                                         "max_requests", "max_retries", "retry_budget",
                                                         "max_connection_pools", "track_remaining"}));
  table.add(supported<cv3::CircuitBreakers::Thresholds::RetryBudget>({"budget_percent", "min_retry_concurrency"}));
  table.add(supported<upstreams::HttpProtocolOptions>({"common_http_protocol_options", "upstream_http_protocol_options",
                                                       "explicit_http_config", "use_downstream_protocol_config",
                                                       "auto_config"})
                .security({"http_filters", "header_validation_config"}));
  table.add(supported<upstreams::HttpProtocolOptions::ExplicitHttpConfig>(
      {"http_protocol_options", "http2_protocol_options"}));
  table.add(supported<upstreams::HttpProtocolOptions::UseDownstreamHttpConfig>(
      {"http_protocol_options", "http2_protocol_options"}));
  table.add(
      supported<upstreams::HttpProtocolOptions::AutoHttpConfig>({"http_protocol_options", "http2_protocol_options"}));
  table.add(
      supported<core::UpstreamHttpProtocolOptions>({"auto_sni", "auto_san_validation", "override_auto_sni_header"}));
}

}  // namespace proa::config
