#include "config/network_filter_compile.h"

#include "config/ext_authz_compile.h"
#include "config/istio_compile.h"
#include "config/rbac_compile.h"
#include "config/supported.h"
#include "config/values.h"
#include "envoy/extensions/filters/network/connection_limit/v3/connection_limit.pb.h"
#include "envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit.pb.h"
#include "envoy/extensions/filters/network/mongo_proxy/v3/mongo_proxy.pb.h"
#include "envoy/extensions/filters/network/rbac/v3/rbac.pb.h"
#include "filters/all.h"
#include "filters/istio_stats.h"

namespace proa::config {

namespace network = envoy::extensions::filters::network;

namespace {

/// Envoy's prefixes of these filters end in a dot by habit ("r."); our names put one between anyway.
std::string without_dot(std::string prefix) {
  if (prefix.ends_with('.')) prefix.pop_back();
  return prefix;
}

using NetworkFilterPtr = std::shared_ptr<const filters::NetworkFilter>;

NetworkFilterPtr compile_network_rbac(const network::rbac::v3::RBAC& from, const Site& at, Compiler& compiler) {
  auto config = std::make_shared<filters::RbacConfig>();
  if (from.has_rules()) config->rules = compile_rbac(from.rules(), at / "rules");
  if (from.has_shadow_rules()) config->shadow = compile_rbac(from.shadow_rules(), at / "shadow_rules");
  config->shadow_prefix = from.shadow_rules_stat_prefix();
  std::string prefix = without_dot(from.stat_prefix());
  std::string shadow = without_dot(from.shadow_rules_stat_prefix());
  shadow = prefix + (prefix.empty() ? "rbac" : ".rbac") + (shadow.empty() ? "" : "." + shadow);
  return filters::make_network_rbac(
      std::move(config), {compiler.shared.stats(filters::kNetworkRbacSchema, {std::move(prefix), {}}),
                          compiler.shared.stats(filters::kNetworkRbacShadowSchema, {std::move(shadow), {}})});
}

NetworkFilterPtr compile_connection_limit(const network::connection_limit::v3::ConnectionLimit& from,
                                          Compiler& compiler) {
  return filters::make_connection_limit(
      {.max_connections = from.max_connections().value()},
      compiler.shared.stats(filters::kConnectionLimitSchema, {from.stat_prefix(), {}}));
}

NetworkFilterPtr compile_connection_rate_limit(const network::local_ratelimit::v3::LocalRateLimit& from,
                                               Compiler& compiler) {
  const envoy::type::v3::TokenBucket& bucket = from.token_bucket();
  const uint32_t fill = bucket.has_tokens_per_fill() ? bucket.tokens_per_fill().value() : 1;
  return filters::make_connection_rate_limit(
      std::make_shared<filters::TokenBucket>(bucket.max_tokens(), fill, milliseconds(bucket.fill_interval())),
      compiler.shared.stats(filters::kConnectionRateLimitSchema, {from.stat_prefix(), {}}));
}

}  // namespace

std::shared_ptr<const filters::NetworkFilter> compile_network_filter(const google::protobuf::Message& from,
                                                                     const Site& at, Compiler& compiler) {
  if (auto* rbac = dynamic_cast<const network::rbac::v3::RBAC*>(&from)) {
    return compile_network_rbac(*rbac, at, compiler);
  }
  if (auto* limit = dynamic_cast<const network::connection_limit::v3::ConnectionLimit*>(&from)) {
    return compile_connection_limit(*limit, compiler);
  }
  if (auto* rate = dynamic_cast<const network::local_ratelimit::v3::LocalRateLimit*>(&from)) {
    return compile_connection_rate_limit(*rate, compiler);
  }
  if (auto* authz = dynamic_cast<const network::ext_authz::v3::ExtAuthz*>(&from)) {
    return filters::make_network_ext_authz(
        compile_network_ext_authz(*authz, at),
        compiler.shared.stats(filters::kNetworkExtAuthzSchema, {without_dot(authz->stat_prefix()), {}}));
  }
  if (auto* metrics = dynamic_cast<const stats::PluginConfig*>(&from)) {
    return filters::make_network_istio_stats(compile_istio_metrics(*metrics, at, compiler));
  }
  return nullptr;
}

void add_network_filter_fields(SupportedTable& table) {
  add_rbac_fields(table);
  table.add(supported<network::rbac::v3::RBAC>({"rules", "shadow_rules", "shadow_rules_stat_prefix", "stat_prefix"})
                .harmless({"enforcement_type"}, "a connection is judged once, when it is accepted")
                .harmless({"delay_deny"}, "a denied connection is closed at once")
                .security({"matcher", "shadow_matcher"}));
  table.add(supported<network::mongo_proxy::v3::MongoProxy>({}).harmless(
      {"stat_prefix", "commands", "max_bson_depth", "emit_dynamic_metadata"},
      "its messages are passed on, and not counted"));
  table.add(supported<network::connection_limit::v3::ConnectionLimit>({"stat_prefix", "max_connections"})
                .security({"delay", "runtime_enabled"}));
  table.add(supported<network::local_ratelimit::v3::LocalRateLimit>({"stat_prefix", "token_bucket"})
                .security({"runtime_enabled", "share_key"}));
}

}  // namespace proa::config
