// authorization: the AuthorizationPolicies of a workload as filters: who may do what is decided in the order CUSTOM, AUDIT,
// DENY, ALLOW.
#pragma once

#include <vector>

#include "mesh/translate/connection_manager.h"

namespace proa::mesh {

using NetworkFilters = std::vector<envoy::config::listener::v3::Filter>;

struct Authorization {
  HttpFilters http_custom{};  ///< stand before the authentication of requests
  HttpFilters http{};         ///< stand after it
  NetworkFilters tcp{};       ///< for connections without requests
};

Authorization authorization_for(const World& world, const ProxyNode& node);

}  // namespace proa::mesh
