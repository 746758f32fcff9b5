#include "config/network_filter_compile.h"

#include "config/rbac_compile.h"
#include "config/supported.h"
#include "envoy/extensions/filters/network/rbac/v3/rbac.pb.h"
#include "filters/all.h"

namespace proa::config {

namespace network = envoy::extensions::filters::network;

namespace {

/// Envoy's prefixes of these filters end in a dot by habit ("r."); our names put one between anyway.
std::string without_dot(std::string prefix) {
  if (prefix.ends_with('.')) prefix.pop_back();
  return prefix;
}

}  // namespace

std::shared_ptr<const filters::NetworkFilter> compile_network_filter(const google::protobuf::Message& from,
                                                                     const Site& at, Compiler& compiler) {
  const auto* rbac = dynamic_cast<const network::rbac::v3::RBAC*>(&from);
  if (!rbac) return nullptr;
  auto config = std::make_shared<filters::RbacConfig>();
  if (rbac->has_rules()) config->rules = compile_rbac(rbac->rules(), at / "rules");
  if (rbac->has_shadow_rules()) config->shadow = compile_rbac(rbac->shadow_rules(), at / "shadow_rules");
  config->shadow_prefix = rbac->shadow_rules_stat_prefix();
  std::string prefix = without_dot(rbac->stat_prefix());
  std::string shadow = without_dot(rbac->shadow_rules_stat_prefix());
  shadow = prefix + (prefix.empty() ? "rbac" : ".rbac") + (shadow.empty() ? "" : "." + shadow);
  return filters::make_network_rbac(
      std::move(config), {compiler.shared.stats(filters::kNetworkRbacSchema, {std::move(prefix), {}}),
                          compiler.shared.stats(filters::kNetworkRbacShadowSchema, {std::move(shadow), {}})});
}

void add_network_filter_fields(SupportedTable& table) {
  add_rbac_fields(table);
  table.add(supported<network::rbac::v3::RBAC>({"rules", "shadow_rules", "shadow_rules_stat_prefix", "stat_prefix"})
                .harmless({"enforcement_type"}, "a connection is judged once, when it is accepted")
                .harmless({"delay_deny"}, "a denied connection is closed at once")
                .security({"matcher", "shadow_matcher"}));
}

}  // namespace proa::config
