// RouteIndex: the VirtualServices of a World by the gateway they are for, its DestinationRules by the host they are for.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mesh/model/object.h"
#include "mesh/model/table.h"

namespace proa::mesh {

/// "reviews" as an object of namespace `ns` means it: "reviews.shop.svc.cluster.local". A name with a dot, a wildcard,
/// and an empty name stay as they are.
std::string full_host_name(std::string_view host, std::string_view ns, std::string_view domain);

/// "edge" or "shop/edge" as an object of namespace `ns` names a Gateway: "shop/edge"; "mesh" stays.
std::string full_gateway_name(std::string_view gateway, std::string_view ns);

/// Immutable.
class RouteIndex {
 public:
  using Routes = std::vector<std::shared_ptr<const VirtualService>>;
  using Rules = std::vector<std::shared_ptr<const DestinationRule>>;

  RouteIndex() = default;
  RouteIndex(const Table<VirtualService>& routes, const Table<DestinationRule>& rules, std::string_view domain);

  /// Of all namespaces, oldest first; "mesh" stands for all sidecars. Delegates have no host and are in none.
  const Routes& for_gateway(std::string_view gateway) const;
  /// The DestinationRules that a namespace declares for exactly this host (or wildcard), oldest first.
  const Rules& for_host(std::string_view ns, std::string_view host) const;
  /// Of one namespace: the rules of the most specific host that covers `host`; empty: none.
  const Rules& covering(std::string_view ns, std::string_view host) const;

 private:
  using ByHost = std::map<std::string, Rules, std::less<>>;
  std::map<std::string, Routes, std::less<>> routes_;
  std::map<std::string, ByHost, std::less<>> rules_;  // by namespace
};

}  // namespace proa::mesh
