// What the tests of jwt_authn share.
#pragma once

#include <memory>
#include <utility>

#include "route/route_table.h"

namespace proa::filters {

/// One rule, for every path.
inline auto one_rule() {
  route::VirtualHostSpec host;
  host.domains = {"*"};
  route::RouteSpec rule;
  rule.match.path = route::PathPrefix{"/"};
  host.routes.push_back(std::move(rule));
  route::RouteTableSpec table;
  table.virtual_hosts.push_back(std::move(host));
  return *route::RouteTable::make(std::move(table));
}

}  // namespace proa::filters
