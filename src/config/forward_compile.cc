#include "config/forward_compile.h"

#include <fmt/format.h>

#include "config/cluster_values.h"
#include "config/filter_compile.h"
#include "config/internal_redirect_compile.h"
#include "config/matcher_compile.h"
#include "config/nearest_name.h"
#include "config/rate_limit_compile.h"
#include "config/route_compile.h"
#include "config/supported.h"
#include "config/tlv_selection.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/path/rewrite/uri_template/v3/uri_template_rewrite.pb.h"
#include "envoy/extensions/retry/host/omit_canary_hosts/v3/omit_canary_hosts.pb.h"
#include "envoy/extensions/retry/host/omit_host_metadata/v3/omit_host_metadata_config.pb.h"
#include "envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.pb.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace rv3 = envoy::config::route::v3;
namespace hosts = envoy::extensions::retry::host;
using route::Forward;

namespace {

void check_one_cluster(const std::string& cluster, const std::string& header, std::string_view field, const Site& at) {
  if (cluster.empty() == header.empty()) {
    at.error(fmt::format("has {} of {} and cluster_header", cluster.empty() ? "none" : "both", field), "set one");
  }
}

route::WeightedCluster compile_weighted(const rv3::WeightedCluster::ClusterWeight& from, const Site& at,
                                        Compiler& compiler) {
  route::WeightedCluster to;
  check_one_cluster(from.name(), from.cluster_header(), "name", at);
  to.name = from.name();
  check_cluster(to.name, at / "name", compiler);
  to.header = http::to_lower(from.cluster_header());
  if (!from.has_weight()) at.error("has no weight", "set weight; 0 sends it nothing");
  to.weight = from.weight().value();
  to.host_rewrite = from.host_rewrite_literal();
  compile_message_ops(from, to.headers, at);
  to.per_filter = compile_per_filter(from.typed_per_filter_config(), at / "typed_per_filter_config", compiler);
  to.metadata_match = metadata(from.metadata_match());
  return to;
}

void compile_target(const rv3::RouteAction& from, Forward& to, const Site& at, Compiler& compiler) {
  switch (from.cluster_specifier_case()) {
    case rv3::RouteAction::kCluster:
      check_cluster(from.cluster(), at / "cluster", compiler);
      to.target = route::ToCluster{from.cluster()};
      return;
    case rv3::RouteAction::kClusterHeader: to.target = route::ToHeader{http::to_lower(from.cluster_header())}; return;
    case rv3::RouteAction::kWeightedClusters: {
      route::ToWeighted weighted;
      const Site list = at / "weighted_clusters.clusters";
      uint64_t total = 0;
      for (int i = 0; i < from.weighted_clusters().clusters_size(); ++i) {
        const Site item = list[static_cast<size_t>(i)];
        weighted.clusters.push_back(compile_weighted(from.weighted_clusters().clusters(i), item, compiler));
        total += weighted.clusters.back().weight;
      }
      if (total == 0) list.error("the weights sum up to 0", "give one cluster a weight");
      if (total > UINT32_MAX) list.error(fmt::format("the weights sum up to {}, above {}", total, UINT32_MAX));
      weighted.random_header = http::to_lower(from.weighted_clusters().header_name());
      weighted.use_hash_policy = from.weighted_clusters().use_hash_policy().value();
      to.target = std::move(weighted);
      return;
    }
    default: return;  // check_supported has named the others
  }
}

void compile_rewrites(const rv3::RouteAction& from, Forward& to, const route::RouteMatch& match, const Site& at) {
  if ((!from.prefix_rewrite().empty()) + from.has_regex_rewrite() + from.has_path_rewrite_policy() > 1) {
    at.error("has more than one of prefix_rewrite, regex_rewrite and path_rewrite_policy", "keep one");
  }
  if (!from.prefix_rewrite().empty()) to.path_rewrite = route::PrefixRewrite{from.prefix_rewrite()};
  if (from.has_regex_rewrite()) {
    if (auto rewrite = regex_rewrite(from.regex_rewrite(), at / "regex_rewrite")) to.path_rewrite = std::move(*rewrite);
  }
  if (from.has_path_rewrite_policy()) {
    const Site where = at / "path_rewrite_policy.typed_config";
    Result<Payload> payload = open_any(from.path_rewrite_policy().typed_config());
    const auto* config =
        payload ? dynamic_cast<const envoy::extensions::path::rewrite::uri_template::v3::UriTemplateRewriteConfig*>(
                      payload->message.get())
                : nullptr;
    const auto* matched = std::get_if<route::PathTemplate>(&match.path);
    if (config && !matched) {
      where.error("rewrites by a template, but the route does not match one", "use path_match_policy in its match");
    } else if (config) {
      auto rewrite = route::UriTemplateRewrite::compile(config->path_template_rewrite(), matched->uri_template);
      rewrite ? void(to.path_rewrite = route::PathTemplateRewrite{std::move(*rewrite)})
              : (where / "path_template_rewrite").error(rewrite.error().message);
    }
  }
  switch (from.host_rewrite_specifier_case()) {
    case rv3::RouteAction::kHostRewriteLiteral:
      to.host_rewrite = route::HostLiteral{from.host_rewrite_literal()};
      break;
    case rv3::RouteAction::kAutoHostRewrite:
      if (from.auto_host_rewrite().value()) to.host_rewrite = route::HostAuto{};
      break;
    case rv3::RouteAction::kHostRewriteHeader:
      to.host_rewrite = route::HostFromHeader{http::to_lower(from.host_rewrite_header())};
      break;
    case rv3::RouteAction::kHostRewritePathRegex:
      if (auto rewrite = regex_rewrite(from.host_rewrite_path_regex(), at / "host_rewrite_path_regex")) {
        to.host_rewrite = route::HostFromPath{std::move(*rewrite)};
      }
      break;
    default: break;
  }
  to.append_x_forwarded_host = from.append_x_forwarded_host();
}

void compile_timeouts(const rv3::RouteAction& from, Forward& to) {
  if (from.has_timeout()) to.timeout = or_never(from.timeout());
  if (from.has_idle_timeout()) to.idle_timeout = or_never(from.idle_timeout());
  if (from.has_max_grpc_timeout()) to.max_grpc_timeout = milliseconds(from.max_grpc_timeout());
  if (from.has_grpc_timeout_offset()) to.grpc_timeout_offset = milliseconds(from.grpc_timeout_offset());
  if (!from.has_max_stream_duration()) return;
  const auto& duration = from.max_stream_duration();
  route::MaxStreamDuration max;
  if (duration.has_max_stream_duration()) max.duration = or_never(duration.max_stream_duration());
  if (duration.has_grpc_timeout_header_max()) max.grpc_header_max = milliseconds(duration.grpc_timeout_header_max());
  if (duration.has_grpc_timeout_header_offset())
    max.grpc_header_offset = milliseconds(duration.grpc_timeout_header_offset());
  to.max_stream_duration = max;
}

std::optional<route::HashPolicy> compile_hash(const rv3::RouteAction::HashPolicy& from, const Site& at) {
  route::HashPolicy to;
  to.terminal = from.terminal();
  switch (from.policy_specifier_case()) {
    case rv3::RouteAction::HashPolicy::kHeader: {
      route::HashHeader header{http::to_lower(from.header().header_name()), std::nullopt};
      if (from.header().has_regex_rewrite()) {
        header.rewrite = regex_rewrite(from.header().regex_rewrite(), at / "header.regex_rewrite");
      }
      to.what = std::move(header);
      return to;
    }
    case rv3::RouteAction::HashPolicy::kCookie: {
      route::HashCookie cookie{from.cookie().name(), std::nullopt, from.cookie().path(), {}};
      if (from.cookie().has_ttl()) cookie.ttl = std::chrono::seconds(from.cookie().ttl().seconds());
      for (const auto& attribute : from.cookie().attributes()) {
        cookie.attributes.emplace_back(attribute.name(), attribute.value());
      }
      to.what = std::move(cookie);
      return to;
    }
    case rv3::RouteAction::HashPolicy::kConnectionProperties:
      if (!from.connection_properties().source_ip()) return std::nullopt;
      to.what = route::HashSourceIp{};
      return to;
    case rv3::RouteAction::HashPolicy::kQueryParameter:
      to.what = route::HashQueryParameter{from.query_parameter().name()};
      return to;
    case rv3::RouteAction::HashPolicy::kFilterState:
      to.what = route::HashFilterState{from.filter_state().key()};
      return to;
    default: return std::nullopt;
  }
}

void compile_predicates(const rv3::RetryPolicy& from, route::RetryPolicy& to, const Site& at) {
  const Site list = at / "retry_host_predicate";
  for (int i = 0; i < from.retry_host_predicate_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    Result<Payload> payload = open_any(from.retry_host_predicate(i).typed_config());
    const google::protobuf::Message* message = payload ? payload->message.get() : nullptr;
    if (dynamic_cast<const hosts::previous_hosts::v3::PreviousHostsPredicate*>(message)) {
      to.host_predicates.push_back(route::RetryHostPredicate::kPreviousHosts);
    } else if (dynamic_cast<const hosts::omit_canary_hosts::v3::OmitCanaryHostsPredicate*>(message)) {
      to.host_predicates.push_back(route::RetryHostPredicate::kOmitCanaryHosts);
    } else if (auto* omit = dynamic_cast<const hosts::omit_host_metadata::v3::OmitHostMetadataConfig*>(message)) {
      to.host_predicates.push_back(route::RetryHostPredicate::kOmitHostMetadata);
      auto found = omit->metadata_match().filter_metadata().find("envoy.lb");
      if (found == omit->metadata_match().filter_metadata().end()) continue;
      to.omit_host_metadata = subset_values(found->second);
    } else if (from.retry_host_predicate(i).name() == "envoy.retry_host_predicates.previous_hosts") {
      to.host_predicates.push_back(route::RetryHostPredicate::kPreviousHosts);  // Istio sends the name alone
    } else {
      item.error("is not known", "use envoy.retry_host_predicates.previous_hosts");
    }
  }
}

void compile_upgrades(const rv3::RouteAction& from, Forward& to, const Site& at) {
  for (int i = 0; i < from.upgrade_configs_size(); ++i) {
    const auto& upgrade = from.upgrade_configs(i);
    const Site item = at[static_cast<size_t>(i)];
    std::string type = http::to_lower(upgrade.upgrade_type());
    if (upgrade.has_connect_config()) {
      if (type != "connect") {
        (item / "connect_config").error("ends tunnels of CONNECT alone", "set upgrade_type: CONNECT, or remove it");
      }
      const auto& config = upgrade.connect_config();
      route::TunnelEnd end{.allow_post = config.allow_post()};
      if (config.has_proxy_protocol_config()) {
        const core::ProxyProtocolConfig& header = config.proxy_protocol_config();
        end.proxy_protocol = header.version() == core::ProxyProtocolConfig::V2 ? 2 : 1;
        if (header.has_pass_through_tlvs()) end.proxy_tlvs = tlv_selection(header.pass_through_tlvs());
      }
      to.tunnel_end = end;
    }
    to.upgrades.push_back({std::move(type), !upgrade.has_enabled() || upgrade.enabled().value()});
  }
}

}  // namespace

void check_cluster(const std::string& name, const Site& at, const Compiler& compiler) {
  if (!compiler.validate_clusters || name.empty() || compiler.clusters.contains(name)) return;
  const std::vector<std::string> names(compiler.clusters.begin(), compiler.clusters.end());
  const std::string near = did_you_mean(nearest_names(name, names));
  at.error(fmt::format("there is no cluster {}", shown(name)),
           near.empty() ? "add it to static_resources.clusters, or set validate_clusters: false" : near);
}

route::RetryPolicy compile_retry(const rv3::RetryPolicy& from, const Site& at) {
  route::RetryPolicy to;
  std::string unknown;
  to.on = route::parse_retry_on(from.retry_on(), &unknown);
  if (!unknown.empty()) {
    (at / "retry_on").warning(fmt::format("{} is no condition and is ignored, as by Envoy", shown(unknown)));
  }
  if (from.has_num_retries()) to.num_retries = from.num_retries().value();
  if (from.has_per_try_timeout()) to.per_try_timeout = milliseconds(from.per_try_timeout());
  if (from.has_per_try_idle_timeout()) to.per_try_idle_timeout = milliseconds(from.per_try_idle_timeout());
  if (from.has_retry_back_off()) {
    to.base_interval = milliseconds(from.retry_back_off().base_interval());
    to.max_interval = from.retry_back_off().has_max_interval() ? milliseconds(from.retry_back_off().max_interval())
                                                               : 10 * to.base_interval;
    if (to.max_interval < to.base_interval) {
      (at / "retry_back_off.max_interval")
          .error(fmt::format("is {} ms, below the base_interval of {} ms", to.max_interval.count(),
                             to.base_interval.count()));
    }
  }
  if (from.has_rate_limited_retry_back_off()) {
    const auto& limited = from.rate_limited_retry_back_off();
    for (const auto& header : limited.reset_headers()) {
      to.reset_headers.push_back({http::to_lower(header.name()), header.format() == rv3::RetryPolicy::UNIX_TIMESTAMP});
    }
    if (limited.has_max_interval()) to.reset_max_interval = milliseconds(limited.max_interval());
  }
  for (uint32_t code : from.retriable_status_codes()) {
    // As Envoy: a code that no response has (RFC 9110 section 15) is no mistake, and matches nothing.
    if (code <= 999) to.retriable_status_codes.push_back(static_cast<uint16_t>(code));
  }
  to.retriable_headers = header_matchers(from.retriable_headers(), at / "retriable_headers");
  to.retriable_request_headers = header_matchers(from.retriable_request_headers(), at / "retriable_request_headers");
  compile_predicates(from, to, at);
  if (from.host_selection_retry_max_attempts() > 0) {
    to.host_selection_max_attempts = static_cast<uint32_t>(from.host_selection_retry_max_attempts());
  }
  return to;
}

route::HedgePolicy compile_hedge(const rv3::HedgePolicy& from) { return {from.hedge_on_per_try_timeout()}; }

std::vector<route::MirrorPolicy> compile_mirrors(
    const google::protobuf::RepeatedPtrField<rv3::RouteAction::RequestMirrorPolicy>& from, const Site& at,
    const Compiler& compiler) {
  std::vector<route::MirrorPolicy> mirrors;
  for (int i = 0; i < from.size(); ++i) {
    const auto& policy = from[i];
    route::MirrorPolicy to;
    to.cluster = policy.cluster();
    const Site item = at[static_cast<size_t>(i)];
    check_one_cluster(policy.cluster(), policy.cluster_header(), "cluster", item);
    check_cluster(to.cluster, item / "cluster", compiler);
    to.cluster_header = http::to_lower(policy.cluster_header());
    if (policy.has_runtime_fraction()) to.fraction = fraction(policy.runtime_fraction());
    if (policy.has_trace_sampled()) to.trace_sampled = policy.trace_sampled().value();
    to.host_rewrite = policy.host_rewrite_literal();
    compile_header_mutations(policy.request_headers_mutations(), to.headers, item / "request_headers_mutations");
    to.append_shadow_suffix = !policy.disable_shadow_host_suffix_append();
    mirrors.push_back(std::move(to));
  }
  return mirrors;
}

Forward compile_forward(const rv3::RouteAction& from, const route::RouteMatch& match, const Site& at,
                        Compiler& compiler) {
  Forward to;
  compile_target(from, to, at, compiler);
  switch (from.cluster_not_found_response_code()) {
    case rv3::RouteAction::NOT_FOUND: to.cluster_not_found_code = 404; break;
    case rv3::RouteAction::INTERNAL_SERVER_ERROR: to.cluster_not_found_code = 500; break;
    default: break;
  }
  to.metadata_match = metadata(from.metadata_match());
  compile_rewrites(from, to, match, at);
  compile_timeouts(from, to);
  if (from.has_retry_policy()) to.retry = compile_retry(from.retry_policy(), at / "retry_policy");
  if (from.has_hedge_policy()) to.hedge = compile_hedge(from.hedge_policy());
  const Site hashes = at / "hash_policy";
  for (int i = 0; i < from.hash_policy_size(); ++i) {
    const Site item = hashes[static_cast<size_t>(i)];
    if (auto policy = compile_hash(from.hash_policy(i), item)) to.hash_policies.push_back(std::move(*policy));
  }
  to.mirrors = compile_mirrors(from.request_mirror_policies(), at / "request_mirror_policies", compiler);
  compile_upgrades(from, to, at / "upgrade_configs");
  if (from.has_internal_redirect_policy()) {
    to.internal_redirect = compile_internal_redirect(from.internal_redirect_policy(), at / "internal_redirect_policy");
  }
  if (from.priority() == core::HIGH) to.priority = route::Priority::kHigh;
  to.rate_limits = compile_rate_limits(from.rate_limits(), at / "rate_limits");
  to.include_virtual_host_rate_limits = from.include_vh_rate_limits().value();
  return to;
}

void add_forward_fields(SupportedTable& table) {
  table.add(supported<rv3::RouteAction>({"cluster",
                                         "cluster_header",
                                         "weighted_clusters",
                                         "cluster_not_found_response_code",
                                         "metadata_match",
                                         "prefix_rewrite",
                                         "regex_rewrite",
                                         "path_rewrite_policy",
                                         "host_rewrite_literal",
                                         "auto_host_rewrite",
                                         "host_rewrite_header",
                                         "host_rewrite_path_regex",
                                         "append_x_forwarded_host",
                                         "timeout",
                                         "idle_timeout",
                                         "retry_policy",
                                         "hedge_policy",
                                         "priority",
                                         "rate_limits",
                                         "include_vh_rate_limits",
                                         "hash_policy",
                                         "max_grpc_timeout",
                                         "grpc_timeout_offset",
                                         "request_mirror_policies",
                                         "upgrade_configs",
                                         "internal_redirect_policy",
                                         "max_stream_duration"})
                .security({"cors", "internal_redirect_action", "early_data_policy", "retry_policy_typed_config",
                           "cluster_specifier_plugin", "inline_cluster_specifier_plugin"}));
  add_internal_redirect_fields(table);
  table.add(supported<rv3::WeightedCluster>({"clusters", "header_name", "use_hash_policy"})
                .harmless({"total_weight"}, "the sum of the weights counts")
                .harmless({"runtime_key_prefix"}, "the weights are those of the configuration"));
  table.add(supported<rv3::WeightedCluster::ClusterWeight>(
      {"name", "cluster_header", "weight", "metadata_match", "request_headers_to_add", "request_headers_to_remove",
       "response_headers_to_add", "response_headers_to_remove", "typed_per_filter_config", "host_rewrite_literal"}));
  table.add(supported<envoy::extensions::path::rewrite::uri_template::v3::UriTemplateRewriteConfig>(
      {"path_template_rewrite"}));
  table.add(supported<rv3::RouteAction::MaxStreamDuration>(
      {"max_stream_duration", "grpc_timeout_header_max", "grpc_timeout_header_offset"}));
  table.add(supported<rv3::RouteAction::RequestMirrorPolicy>({"cluster", "cluster_header", "runtime_fraction",
                                                              "disable_shadow_host_suffix_append", "trace_sampled",
                                                              "request_headers_mutations", "host_rewrite_literal"}));
  table.add(supported<rv3::RouteAction::UpgradeConfig>({"upgrade_type", "enabled", "connect_config"}));
  table.add(supported<rv3::RouteAction::UpgradeConfig::ConnectConfig>({"proxy_protocol_config", "allow_post"}));
  table.add(supported<rv3::RouteAction::HashPolicy>(
      {"header", "cookie", "connection_properties", "query_parameter", "filter_state", "terminal"}));
  table.add(supported<rv3::RouteAction::HashPolicy::Header>({"header_name", "regex_rewrite"}));
  table.add(supported<rv3::RouteAction::HashPolicy::Cookie>({"name", "ttl", "path", "attributes"}));
  table.add(supported<rv3::RouteAction::HashPolicy::CookieAttribute>({"name", "value"}));
  table.add(supported<rv3::RouteAction::HashPolicy::ConnectionProperties>({"source_ip"}));
  table.add(supported<rv3::RouteAction::HashPolicy::QueryParameter>({"name"}));
  table.add(supported<rv3::RouteAction::HashPolicy::FilterState>({"key"}));
  table.add(supported<rv3::HedgePolicy>({"hedge_on_per_try_timeout"}));
  table.add(supported<rv3::RetryPolicy>({"retry_on", "num_retries", "per_try_timeout", "per_try_idle_timeout",
                                         "retry_host_predicate", "host_selection_retry_max_attempts",
                                         "retriable_status_codes", "retry_back_off", "rate_limited_retry_back_off",
                                         "retriable_headers", "retriable_request_headers"}));
  table.add(supported<rv3::RetryPolicy::RetryBackOff>({"base_interval", "max_interval"}));
  table.add(supported<rv3::RetryPolicy::RateLimitedRetryBackOff>({"reset_headers", "max_interval"}));
  table.add(supported<rv3::RetryPolicy::ResetHeader>({"name", "format"}));
  table.add(supported<rv3::RetryPolicy::RetryHostPredicate>({"name", "typed_config"}));
  table.add(supported<hosts::previous_hosts::v3::PreviousHostsPredicate>({}));
  table.add(supported<hosts::omit_canary_hosts::v3::OmitCanaryHostsPredicate>({}));
  table.add(supported<hosts::omit_host_metadata::v3::OmitHostMetadataConfig>({"metadata_match"}));
}

}  // namespace proa::config
