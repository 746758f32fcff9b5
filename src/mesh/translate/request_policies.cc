#include "mesh/translate/request_policies.h"

#include "mesh/translate/request_authentication.h"

namespace proa::mesh {

RequestPolicies request_policies(const World& world, const ProxyNode& node) {
  Authorization authorization = authorization_for(world, node);
  RequestPolicies out{.http = std::move(authorization.http_custom), .tcp = std::move(authorization.tcp)};
  if (auto tokens = request_authentication(world, node)) out.http.push_back(std::move(*tokens));
  for (auto& filter : authorization.http) out.http.push_back(std::move(filter));
  return out;
}

}  // namespace proa::mesh
