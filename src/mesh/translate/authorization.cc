#include "mesh/translate/authorization.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "envoy/extensions/filters/http/rbac/v3/rbac.pb.h"
#include "envoy/extensions/filters/network/rbac/v3/rbac.pb.h"
#include "mesh/translate/attached_policies.h"
#include "mesh/translate/authorization_custom.h"
#include "mesh/translate/authorization_rule.h"

namespace proa::mesh {

namespace {

using envoy::config::rbac::v3::Policy;
using envoy::config::rbac::v3::RBAC;
using Spec = istio::security::v1beta1::AuthorizationPolicy;
using HttpRbac = envoy::extensions::filters::http::rbac::v3::RBAC;
using NetworkRbac = envoy::extensions::filters::network::rbac::v3::RBAC;
using Policies = std::vector<std::shared_ptr<const AuthorizationPolicy>>;

constexpr const char* kHttpFilter = "envoy.filters.http.rbac";
constexpr const char* kNetworkFilter = "envoy.filters.network.rbac";
// Names that mesh-wide dashboards and the tags of spans look for.
constexpr const char* kAllowShadow = "istio_dry_run_allow_";
constexpr const char* kDenyShadow = "istio_dry_run_deny_";
constexpr const char* kCustomShadow = "istio_ext_authz_";

bool dry_run(const AuthorizationPolicy& policy) {
  const auto found = policy.meta.annotations.find("istio.io/dry-run");
  return found != policy.meta.annotations.end() && (found->second == "true" || found->second == "1");
}

RBAC::Action rbac_action(Spec::Action action) {
  switch (action) {
    case Spec::ALLOW: return RBAC::ALLOW;
    case Spec::AUDIT: return RBAC::LOG;
    default: return RBAC::DENY;
  }
}

/// A policy without rules is said, although it never matches: an ALLOW of it alone allows nothing.
Policy never() {
  Policy out;
  out.add_permissions()->mutable_not_rule()->set_any(true);
  out.add_principals()->mutable_not_id()->set_any(true);
  return out;
}

void add_rules(const AuthorizationPolicy& policy, bool tcp, const std::vector<std::string>& trust_domains, RBAC& out) {
  const bool custom = policy.spec.action() == Spec::CUSTOM;
  const auto name = [&](int rule) {
    return fmt::format("{}ns[{}]-policy[{}]-rule[{}]", custom ? "istio-ext-authz-" : "", policy.meta.ns,
                       policy.meta.name, rule);
  };
  if (policy.spec.rules().empty()) (*out.mutable_policies())[name(0)] = never();
  for (int i = 0; i < policy.spec.rules_size(); ++i) {
    auto made = rbac_policy({.rule = policy.spec.rules(i),
                             .ns = policy.meta.ns,
                             .allow = policy.spec.action() == Spec::ALLOW,
                             .tcp = tcp,
                             .trust_domains = trust_domains});
    if (made) (*out.mutable_policies())[name(i)] = std::move(*made);
  }
}

/// Policies of one action: those that are enforced, and those in dry run.
struct Rules {
  std::optional<RBAC> enforced{};
  std::optional<RBAC> shadow{};
};

class Translation {
 public:
  Translation(const World& world, const ProxyNode& node)
      : world_(world), policies_(attached_policies<AuthorizationPolicy>(world, node)) {
    trust_domains_.push_back(world.mesh().trust_domain());
    for (const std::string& alias : world.mesh().trust_domain_aliases()) trust_domains_.push_back(alias);
  }

  Authorization made() const {
    Authorization out;
    add_custom(out);
    for (const Spec::Action action : {Spec::AUDIT, Spec::DENY, Spec::ALLOW}) {
      if (const Policies policies = of(action); !policies.empty()) {
        out.http.push_back(http_filter(kHttpFilter, rbac<HttpRbac>(rules(policies, false))));
        NetworkRbac tcp = rbac<NetworkRbac>(rules(policies, true));
        tcp.set_stat_prefix("tcp.");
        out.tcp.push_back(network_filter(kNetworkFilter, tcp));
      }
    }
    return out;
  }

 private:
  Policies of(Spec::Action action) const {
    Policies out;
    for (const auto& policy : policies_) {
      if (policy->spec.action() == action) out.push_back(policy);
    }
    return out;
  }

  Rules rules(const Policies& policies, bool tcp) const {
    Rules out;
    for (const auto& policy : policies) {
      auto& into = dry_run(*policy) ? out.shadow : out.enforced;
      if (!into) into.emplace().set_action(rbac_action(policy->spec.action()));
      add_rules(*policy, tcp, trust_domains_, *into);
    }
    return out;
  }

  template <class Filter>
  static Filter rbac(Rules rules) {
    Filter out;
    // istiod names the prefix for ALLOW where nothing is in dry run.
    const RBAC::Action action = rules.shadow ? rules.shadow->action() : RBAC::ALLOW;
    if (action != RBAC::LOG) out.set_shadow_rules_stat_prefix(action == RBAC::ALLOW ? kAllowShadow : kDenyShadow);
    if (rules.enforced) *out.mutable_rules() = std::move(*rules.enforced);
    if (rules.shadow) *out.mutable_shadow_rules() = std::move(*rules.shadow);
    return out;
  }

  /// RBAC finds out whether a rule matches, and says it in metadata; then the provider is asked.
  void add_custom(Authorization& out) const {
    Policies policies;
    std::set<std::string> providers;
    for (const auto& policy : of(Spec::CUSTOM)) {
      if (dry_run(*policy)) continue;  // Istio knows no dry run of CUSTOM
      policies.push_back(policy);
      providers.insert(policy->spec.provider().name());
    }
    if (policies.empty()) return;
    const RBAC http = *rules(policies, false).enforced;
    const RBAC tcp = *rules(policies, true).enforced;
    std::optional<CustomProvider> provider;
    if (providers.size() == 1) provider = custom_provider(world_, *providers.begin());
    HttpRbac http_rbac;
    NetworkRbac tcp_rbac;
    tcp_rbac.set_stat_prefix("tcp.");
    if (!provider) {
      // Nobody can be asked, or it is not clear who: what the rules match is denied.
      *http_rbac.mutable_rules() = refusing(http);
      *tcp_rbac.mutable_rules() = refusing(tcp);
      out.http_custom.push_back(http_filter(kHttpFilter, http_rbac));
      out.tcp.push_back(network_filter(kNetworkFilter, tcp_rbac));
      return;
    }
    *http_rbac.mutable_shadow_rules() = http;
    http_rbac.set_shadow_rules_stat_prefix(kCustomShadow);
    out.http_custom.push_back(http_filter(kHttpFilter, http_rbac));
    out.http_custom.push_back(http_filter("envoy.filters.http.ext_authz", provider->http));
    if (!provider->tcp) return;  // a provider that speaks HTTP cannot be asked about connections
    *tcp_rbac.mutable_shadow_rules() = tcp;
    tcp_rbac.set_shadow_rules_stat_prefix(kCustomShadow);
    out.tcp.push_back(network_filter(kNetworkFilter, tcp_rbac));
    out.tcp.push_back(network_filter("envoy.filters.network.ext_authz", *provider->tcp));
  }

  static RBAC refusing(const RBAC& rules) {
    RBAC out;
    out.set_action(RBAC::DENY);
    for (const auto& [name, policy] : rules.policies()) {
      (*out.mutable_policies())[name + "-deny-due-to-bad-CUSTOM-action"] = policy;
    }
    return out;
  }

  const World& world_;
  Policies policies_;
  std::vector<std::string> trust_domains_;
};

}  // namespace

Authorization authorization_for(const World& world, const ProxyNode& node) { return Translation(world, node).made(); }

}  // namespace proa::mesh
