// authorization_rule: one rule of an AuthorizationPolicy as a policy of Envoy's RBAC.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "envoy/config/rbac/v3/rbac.pb.h"
#include "istio/security/v1beta1/authorization_policy.pb.h"

namespace proa::mesh {

/// What a rule is translated for. The references must outlive the call.
struct RuleFor {
  const istio::security::v1beta1::Rule& rule;
  std::string_view ns;                            ///< of its policy
  bool allow = false;                             ///< the policy's action is ALLOW
  bool tcp = false;                               ///< for bytes: what needs a request cannot be asked
  const std::vector<std::string>& trust_domains;  ///< the mesh's own, then its aliases
};

/// Nothing for an ALLOW rule over bytes that needs a request: it allows less so. Of any other action's rule only that
/// part is left out, which denies or logs more.
std::optional<envoy::config::rbac::v3::Policy> rbac_policy(const RuleFor& what);

/// A principal of a policy ("td/ns/foo/sa/bar") under every name that the mesh's trust domain has, if it is of that
/// domain; "cluster.local" stands for it, too.
std::vector<std::string> under_trust_domains(const std::string& principal,
                                             const std::vector<std::string>& trust_domains);

}  // namespace proa::mesh
