#include "config/filter_compile.h"

#include <fmt/format.h>

#include "config/basic_auth_compile.h"
#include "config/csrf_compile.h"
#include "config/ext_authz_compile.h"
#include "config/grpc_stats_compile.h"
#include "config/header_to_metadata_compile.h"
#include "config/istio_compile.h"
#include "config/jwt_authn_compile.h"
#include "config/matcher_compile.h"
#include "config/rate_limit_compile.h"
#include "config/rbac_compile.h"
#include "config/route_compile.h"
#include "config/supported.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/common/ratelimit/v3/ratelimit.pb.h"
#include "envoy/extensions/filters/http/buffer/v3/buffer.pb.h"
#include "envoy/extensions/filters/http/cors/v3/cors.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"
#include "envoy/extensions/filters/http/header_mutation/v3/header_mutation.pb.h"
#include "envoy/extensions/filters/http/health_check/v3/health_check.pb.h"
#include "envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.pb.h"
#include "envoy/extensions/filters/http/rbac/v3/rbac.pb.h"
#include "filters/all.h"
#include "filters/istio_stats.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace fhttp = envoy::extensions::filters::http;
namespace rv3 = envoy::config::route::v3;

void compile_header_mutations(
    const google::protobuf::RepeatedPtrField<envoy::config::common::mutation_rules::v3::HeaderMutation>& from,
    route::HeaderOps& to, const Site& at) {
  for (int i = 0; i < from.size(); ++i) {
    const Site item = at[static_cast<size_t>(i)];
    google::protobuf::RepeatedPtrField<core::HeaderValueOption> add;
    google::protobuf::RepeatedPtrField<std::string> remove;
    route::HeaderOps one;
    if (from[i].has_append()) {
      *add.Add() = from[i].append();
      compile_header_additions(add, one, item);
    } else if (!from[i].remove().empty()) {
      *remove.Add() = from[i].remove();
      compile_header_removals(remove, one, item);
    }
    to.append(one);  // one by one: the order of the configuration counts
  }
}

namespace {

std::shared_ptr<observe::StatGroup> http_stats(const observe::StatSchema& schema, const std::string& prefix,
                                               Compiler& compiler) {
  return compiler.shared.stats(schema, {prefix, {{"envoy_http_conn_manager_prefix", prefix}}});
}

/// http.STAT_PREFIX.rbac.SHADOW_PREFIX.shadow_denied, with one dot between whether the prefix ends in one or not.
std::shared_ptr<observe::StatGroup> rbac_shadow_stats(const fhttp::rbac::v3::RBAC& rbac, const std::string& prefix,
                                                      Compiler& compiler) {
  std::string own = rbac.shadow_rules_stat_prefix();
  if (own.ends_with('.')) own.pop_back();
  std::string name = prefix + ".rbac" + (own.empty() ? "" : "." + own);
  return compiler.shared.stats(filters::kRbacShadowSchema,
                               {std::move(name), {{"envoy_http_conn_manager_prefix", prefix}}});
}

// ---- one function a filter; the same message often configures filter and route ----

std::shared_ptr<route::CorsPolicy> compile_cors(const fhttp::cors::v3::CorsPolicy& from, const Site& at) {
  auto to = std::make_shared<route::CorsPolicy>();
  const Site origins = at / "allow_origin_string_match";
  for (int i = 0; i < from.allow_origin_string_match_size(); ++i) {
    const Site item = origins[static_cast<size_t>(i)];
    if (auto m = string_matcher(from.allow_origin_string_match(i), item)) to->allow_origins.push_back(std::move(*m));
  }
  to->allow_methods = from.allow_methods();
  to->allow_headers = from.allow_headers();
  to->expose_headers = from.expose_headers();
  to->max_age = from.max_age();
  if (from.has_allow_credentials()) to->allow_credentials = from.allow_credentials().value();
  if (from.has_allow_private_network_access()) to->allow_private_network = from.allow_private_network_access().value();
  if (from.has_forward_not_matching_preflights()) {
    to->forward_not_matching_preflights = from.forward_not_matching_preflights().value();
  }
  if (from.has_filter_enabled()) to->enabled = fraction(from.filter_enabled());
  if (from.has_shadow_enabled()) to->shadow = fraction(from.shadow_enabled());
  return to;
}

std::shared_ptr<filters::RbacConfig> compile_rbac_filter(const fhttp::rbac::v3::RBAC& from, const Site& at) {
  auto to = std::make_shared<filters::RbacConfig>();
  if (from.has_rules()) to->rules = compile_rbac(from.rules(), at / "rules");
  if (from.has_shadow_rules()) to->shadow = compile_rbac(from.shadow_rules(), at / "shadow_rules");
  to->shadow_prefix = from.shadow_rules_stat_prefix();
  return to;
}

std::shared_ptr<filters::FaultConfig> compile_fault(const fhttp::fault::v3::HTTPFault& from, const Site& at) {
  auto to = std::make_shared<filters::FaultConfig>();
  if (from.has_delay()) {
    to->delay_from_header = from.delay().has_header_delay();
    if (from.delay().has_fixed_delay()) to->delay = milliseconds(from.delay().fixed_delay());
    to->delay_share.fallback = share(from.delay().percentage());
  }
  if (from.has_abort()) {
    to->abort_from_header = from.abort().has_header_abort();
    if (from.abort().http_status()) to->abort_status = static_cast<uint16_t>(from.abort().http_status());
    if (from.abort().error_type_case() == fhttp::fault::v3::FaultAbort::kGrpcStatus) {
      to->abort_grpc = static_cast<int>(from.abort().grpc_status());
    }
    to->abort_share.fallback = share(from.abort().percentage());
  }
  to->headers = header_matchers(from.headers(), at / "headers");
  to->upstream_cluster = from.upstream_cluster();
  if (from.has_max_active_faults()) to->max_active = from.max_active_faults().value();
  return to;
}

std::shared_ptr<filters::TokenBucket> bucket(const envoy::type::v3::TokenBucket& from) {
  const uint32_t fill = from.has_tokens_per_fill() ? from.tokens_per_fill().value() : 1;
  return std::make_shared<filters::TokenBucket>(from.max_tokens(), fill, milliseconds(from.fill_interval()));
}

std::shared_ptr<filters::LocalRateLimitConfig> compile_rate_limit(
    const fhttp::local_ratelimit::v3::LocalRateLimit& from, const Site& at, Compiler& compiler) {
  auto to = std::make_shared<filters::LocalRateLimitConfig>();
  if (from.has_token_bucket()) to->bucket = bucket(from.token_bucket());
  for (const auto& descriptor : from.descriptors()) {
    filters::LocalRateLimitConfig::Descriptor rule;
    for (const auto& entry : descriptor.entries()) rule.entries.emplace_back(entry.key(), entry.value());
    rule.bucket = bucket(descriptor.token_bucket());
    to->descriptors.push_back(std::move(rule));
  }
  if (from.has_filter_enabled()) to->enabled = fraction(from.filter_enabled());
  if (from.has_filter_enforced()) to->enforced = fraction(from.filter_enforced());
  // Envoy answers nothing below 400.
  if (from.status().code() >= 400) to->status = static_cast<uint16_t>(from.status().code());
  compile_header_additions(from.response_headers_to_add(), to->response_headers, at / "response_headers_to_add");
  to->resource_exhausted = from.rate_limited_as_resource_exhausted();
  to->ratelimit_headers = from.enable_x_ratelimit_headers() != envoy::extensions::common::ratelimit::v3::OFF;
  to->stage = from.stage();
  if (from.local_rate_limit_per_downstream_connection()) to->connection_key = filters::new_connection_key();
  to->service_cluster = compiler.service_cluster;
  to->stats = compiler.shared.stats(filters::kLocalRateLimitSchema,
                                    {from.stat_prefix(), {{"envoy_local_http_ratelimit_prefix", from.stat_prefix()}}});
  return to;
}

std::shared_ptr<filters::HeaderMutationConfig> compile_header_mutation(
    const fhttp::header_mutation::v3::Mutations& from, const Site& at) {
  auto to = std::make_shared<filters::HeaderMutationConfig>();
  compile_header_mutations(from.request_mutations(), to->request, at / "request_mutations");
  compile_header_mutations(from.response_mutations(), to->response, at / "response_mutations");
  return to;
}

filters::HealthCheckConfig compile_health_check(const fhttp::health_check::v3::HealthCheck& from, const Site& at,
                                                Compiler& compiler) {
  filters::HealthCheckConfig to;
  to.pass_through = from.pass_through_mode().value();
  to.headers = header_matchers(from.headers(), at / "headers");
  for (const auto& [cluster, percent] : from.cluster_min_healthy_percentages()) {
    to.min_healthy.emplace_back(cluster, percent.value());
  }
  to.service_cluster = compiler.service_cluster;
  to.failing = compiler.health_checks_fail;
  return to;
}

}  // namespace

std::unique_ptr<filters::Filter> compile_http_filter(const google::protobuf::Message& from,
                                                     const std::string& stat_prefix, const Site& at,
                                                     Compiler& compiler) {
  if (dynamic_cast<const fhttp::cors::v3::Cors*>(&from)) {
    return filters::make_cors(http_stats(filters::kCorsSchema, stat_prefix, compiler));
  }
  if (auto* rbac = dynamic_cast<const fhttp::rbac::v3::RBAC*>(&from)) {
    return filters::make_rbac(compile_rbac_filter(*rbac, at), {http_stats(filters::kRbacSchema, stat_prefix, compiler),
                                                               rbac_shadow_stats(*rbac, stat_prefix, compiler)});
  }
  if (auto* fault = dynamic_cast<const fhttp::fault::v3::HTTPFault*>(&from)) {
    return filters::make_fault(compile_fault(*fault, at), http_stats(filters::kFaultSchema, stat_prefix, compiler));
  }
  if (auto* limit = dynamic_cast<const fhttp::local_ratelimit::v3::LocalRateLimit*>(&from)) {
    return filters::make_local_rate_limit(compile_rate_limit(*limit, at, compiler));
  }
  if (auto* grpc = dynamic_cast<const fhttp::grpc_stats::v3::FilterConfig*>(&from)) {
    return filters::make_grpc_stats(compile_grpc_stats(*grpc, compiler));
  }
  if (auto* alpn = dynamic_cast<const istio::envoy::config::filter::http::alpn::v2alpha1::FilterConfig*>(&from)) {
    return filters::make_istio_alpn(compile_istio_alpn(*alpn));
  }
  if (auto* peer = dynamic_cast<const io::istio::http::peer_metadata::Config*>(&from)) {
    return filters::make_peer_metadata(compile_peer_metadata(*peer, compiler));
  }
  if (auto* authz = dynamic_cast<const fhttp::ext_authz::v3::ExtAuthz*>(&from)) {
    return filters::make_ext_authz(compile_ext_authz(*authz, at),
                                   http_stats(filters::kExtAuthzSchema, stat_prefix, compiler),
                                   compiler.shared.dynamic_stats());
  }
  if (auto* jwt = dynamic_cast<const fhttp::jwt_authn::v3::JwtAuthentication*>(&from)) {
    auto config = compile_jwt_authn(*jwt, at);
    config.stats = http_stats(filters::kJwtAuthnSchema, stat_prefix, compiler);
    return filters::make_jwt_authn(std::move(config));
  }
  if (auto* metrics = dynamic_cast<const stats::PluginConfig*>(&from)) {
    return filters::make_istio_stats(compile_istio_metrics(*metrics, at, compiler));
  }
  if (auto* csrf = dynamic_cast<const fhttp::csrf::v3::CsrfPolicy*>(&from)) {
    return filters::make_csrf(compile_csrf(*csrf, at), http_stats(filters::kCsrfSchema, stat_prefix, compiler));
  }
  if (auto* auth = dynamic_cast<const fhttp::basic_auth::v3::BasicAuth*>(&from)) {
    return filters::make_basic_auth(compile_basic_auth(*auth, at),
                                    http_stats(filters::kBasicAuthSchema, stat_prefix, compiler));
  }
  if (auto* metadata = dynamic_cast<const fhttp::header_to_metadata::v3::Config*>(&from)) {
    return filters::make_header_to_metadata(compile_header_to_metadata(*metadata, at));
  }
  if (auto* mutation = dynamic_cast<const fhttp::header_mutation::v3::HeaderMutation*>(&from)) {
    return filters::make_header_mutation(compile_header_mutation(mutation->mutations(), at / "mutations"));
  }
  if (auto* buffered = dynamic_cast<const fhttp::buffer::v3::Buffer*>(&from)) {
    auto config = std::make_shared<filters::BufferConfig>();
    config->max_bytes = buffered->max_request_bytes().value();
    return filters::make_buffer(std::move(config));
  }
  if (auto* check = dynamic_cast<const fhttp::health_check::v3::HealthCheck*>(&from)) {
    return filters::make_health_check(compile_health_check(*check, at, compiler));
  }
  return nullptr;
}

namespace {

std::shared_ptr<route::PerFilterConfig> compile_route_part(const google::protobuf::Message& from, const Site& at,
                                                           Compiler& compiler) {
  if (auto* cors = dynamic_cast<const fhttp::cors::v3::CorsPolicy*>(&from)) return compile_cors(*cors, at);
  if (auto* rbac = dynamic_cast<const fhttp::rbac::v3::RBACPerRoute*>(&from)) {
    return compile_rbac_filter(rbac->rbac(), at / "rbac");
  }
  if (auto* fault = dynamic_cast<const fhttp::fault::v3::HTTPFault*>(&from)) return compile_fault(*fault, at);
  if (auto* limit = dynamic_cast<const fhttp::local_ratelimit::v3::LocalRateLimit*>(&from)) {
    if (!limit->has_token_bucket()) at.error("has no token_bucket", "a route's own limit needs one");
    return compile_rate_limit(*limit, at, compiler);
  }
  if (auto* csrf = dynamic_cast<const fhttp::csrf::v3::CsrfPolicy*>(&from)) return compile_csrf(*csrf, at);
  if (auto* auth = dynamic_cast<const fhttp::basic_auth::v3::BasicAuthPerRoute*>(&from)) {
    return compile_basic_auth(*auth, at);
  }
  if (auto* authz = dynamic_cast<const fhttp::ext_authz::v3::ExtAuthzPerRoute*>(&from)) {
    return compile_ext_authz_route(*authz);
  }
  if (auto* jwt = dynamic_cast<const fhttp::jwt_authn::v3::PerRouteConfig*>(&from)) return compile_jwt_route(*jwt);
  if (auto* metadata = dynamic_cast<const fhttp::header_to_metadata::v3::Config*>(&from)) {
    return compile_header_to_metadata(*metadata, at);
  }
  if (auto* mutation = dynamic_cast<const fhttp::header_mutation::v3::HeaderMutationPerRoute*>(&from)) {
    return compile_header_mutation(mutation->mutations(), at / "mutations");
  }
  if (auto* buffered = dynamic_cast<const fhttp::buffer::v3::BufferPerRoute*>(&from)) {
    auto config = std::make_shared<filters::BufferConfig>();
    config->disabled = buffered->disabled();
    config->max_bytes = buffered->buffer().max_request_bytes().value();
    return config;
  }
  return nullptr;
}

/// The filter whose part of a route `from` is; empty: of none of ours.
std::string_view filter_of(const google::protobuf::Message& from) {
  using google::protobuf::Descriptor;
  static const std::pair<const Descriptor*, const Descriptor*> kFilters[] = {
      {fhttp::cors::v3::CorsPolicy::descriptor(), fhttp::cors::v3::Cors::descriptor()},
      {fhttp::rbac::v3::RBACPerRoute::descriptor(), fhttp::rbac::v3::RBAC::descriptor()},
      {fhttp::fault::v3::HTTPFault::descriptor(), fhttp::fault::v3::HTTPFault::descriptor()},
      {fhttp::local_ratelimit::v3::LocalRateLimit::descriptor(),
       fhttp::local_ratelimit::v3::LocalRateLimit::descriptor()},
      {fhttp::header_mutation::v3::HeaderMutationPerRoute::descriptor(),
       fhttp::header_mutation::v3::HeaderMutation::descriptor()},
      {fhttp::buffer::v3::BufferPerRoute::descriptor(), fhttp::buffer::v3::Buffer::descriptor()}};
  for (const auto& [part, filter] : kFilters) {
    if (part == from.GetDescriptor()) return filter->full_name();
  }
  return {};
}

std::shared_ptr<route::PerFilterConfig> compile_part_for(const std::string& name, const google::protobuf::Message& from,
                                                         const Site& at, Compiler& compiler) {
  const auto found = compiler.http_filters.find(name);
  const std::string_view wanted = filter_of(from);
  if (!wanted.empty() && found != compiler.http_filters.end() && found->second != wanted) {
    at.error(fmt::format("is for the filter {}, but {} is {}", wanted, shown(name), found->second));
  }
  return compile_route_part(from, at, compiler);
}

}  // namespace

route::PerFilter compile_per_filter(const google::protobuf::Map<std::string, google::protobuf::Any>& from,
                                    const Site& at, Compiler& compiler) {
  route::PerFilter to;
  for (const auto& [name, any] : from) {
    const Site entry = at.entry(name);
    const std::optional<Payload> payload = open_any(any, entry);
    if (!payload) continue;
    std::shared_ptr<route::PerFilterConfig> config;
    if (auto* wrapper = dynamic_cast<const rv3::FilterConfig*>(payload->message.get())) {
      if (wrapper->has_config()) {
        Result<Payload> inner = open_any(wrapper->config());
        const Site inside = entry / "config";
        if (inner) config = compile_part_for(name, *inner->message, inner->inside(inside), compiler);
      } else if (!wrapper->disabled()) {
        entry.error("has no config", "an empty one, config: {}, turns on a filter that is off by default");
      }
      if (!config) config = std::make_shared<route::PerFilterConfig>();
      config->disabled = wrapper->disabled();
    } else {
      config = compile_part_for(name, *payload->message, payload->inside(entry), compiler);
    }
    if (config) to.set(name, std::move(config));
  }
  return to;
}

void add_filter_fields(SupportedTable& table) {
  namespace mutation = envoy::config::common::mutation_rules::v3;
  table.add(supported<rv3::FilterConfig>({"config", "disabled", "is_optional"}).must_know({"config"}));
  add_csrf_fields(table);
  add_grpc_stats_fields(table);
  add_istio_fields(table);
  add_jwt_authn_fields(table);
  add_ext_authz_fields(table);
  add_basic_auth_fields(table);
  add_header_to_metadata_fields(table);
  table.add(supported<fhttp::cors::v3::Cors>({}));
  table.add(supported<fhttp::cors::v3::CorsPolicy>(
      {"allow_origin_string_match", "allow_methods", "allow_headers", "expose_headers", "max_age", "allow_credentials",
       "filter_enabled", "shadow_enabled", "allow_private_network_access", "forward_not_matching_preflights"}));
  table.add(supported<fhttp::rbac::v3::RBAC>({"rules", "shadow_rules", "shadow_rules_stat_prefix"})
                .harmless({"rules_stat_prefix", "track_per_rule_stats"}, "there is one set of counters")
                .security({"matcher", "shadow_matcher"}));
  table.add(supported<fhttp::rbac::v3::RBACPerRoute>({"rbac"}));
  table.add(
      supported<fhttp::fault::v3::HTTPFault>({"delay", "abort", "upstream_cluster", "headers", "max_active_faults"})
          .harmless({"filter_metadata"}, "shown in the configuration dump"));
  table.add(supported<envoy::extensions::filters::common::fault::v3::FaultDelay>(
      {"fixed_delay", "header_delay", "percentage"}));
  table.add(supported<envoy::extensions::filters::common::fault::v3::FaultDelay::HeaderDelay>({}));
  table.add(supported<fhttp::fault::v3::FaultAbort>({"http_status", "grpc_status", "header_abort", "percentage"}));
  table.add(supported<fhttp::fault::v3::FaultAbort::HeaderAbort>({}));
  table.add(supported<fhttp::local_ratelimit::v3::LocalRateLimit>(
                {"stat_prefix", "status", "token_bucket", "filter_enabled", "filter_enforced",
                 "response_headers_to_add", "descriptors", "stage", "enable_x_ratelimit_headers",
                 "rate_limited_as_resource_exhausted", "local_rate_limit_per_downstream_connection"})
                .security({"local_cluster_rate_limit", "always_consume_default_token_bucket", "rate_limits",
                           "vh_rate_limits", "request_headers_to_add_when_not_enforced"}));
  table.add(supported<envoy::type::v3::TokenBucket>({"max_tokens", "tokens_per_fill", "fill_interval"}));
  table.add(supported<envoy::type::v3::HttpStatus>({"code"}));
  table.add(supported<envoy::extensions::common::ratelimit::v3::LocalRateLimitDescriptor>({"entries", "token_bucket"}));
  table.add(supported<envoy::extensions::common::ratelimit::v3::RateLimitDescriptor::Entry>({"key", "value"}));
  table.add(supported<fhttp::header_mutation::v3::HeaderMutation>({"mutations"})
                .security({"most_specific_header_mutations_wins"}));
  table.add(supported<fhttp::header_mutation::v3::HeaderMutationPerRoute>({"mutations"}));
  table.add(supported<fhttp::header_mutation::v3::Mutations>({"request_mutations", "response_mutations"})
                .security({"query_parameter_mutations", "response_trailers_mutations", "request_trailers_mutations"}));
  table.add(supported<mutation::HeaderMutation>({"remove", "append"}).security({"remove_on_match"}));
  table.add(supported<fhttp::buffer::v3::Buffer>({"max_request_bytes"}));
  table.add(supported<fhttp::buffer::v3::BufferPerRoute>({"disabled", "buffer"}));
  table.add(supported<fhttp::health_check::v3::HealthCheck>(
                {"pass_through_mode", "cluster_min_healthy_percentages", "headers"})
                .harmless({"cache_time"}, "every probe is passed through"));
}

}  // namespace proa::config
