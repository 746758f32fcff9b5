// request_authentication: the RequestAuthentications of a workload as one jwt_authn filter. A token must be valid if there
// is one; to require one is what AuthorizationPolicies do.
#pragma once

#include <optional>

#include "mesh/translate/connection_manager.h"

namespace proa::mesh {

/// Nothing without a rule. Keys that are not written in the rule are fetched by the proxy, from a service of the mesh
/// with the name and port of jwksUri; without such a service no token of that issuer is valid.
std::optional<envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter> request_authentication(
    const World& world, const ProxyNode& node);

}  // namespace proa::mesh
