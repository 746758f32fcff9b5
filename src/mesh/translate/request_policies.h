// request_policies: all filters that authenticate and authorize for a workload, in Istio's order.
#pragma once

#include "mesh/translate/authorization.h"

namespace proa::mesh {

struct RequestPolicies {
  HttpFilters http{};    ///< for connection_manager()
  NetworkFilters tcp{};  ///< before what passes bytes on
};

RequestPolicies request_policies(const World& world, const ProxyNode& node);

}  // namespace proa::mesh
