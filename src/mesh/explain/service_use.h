// service_use: which services a proxy knows, and which of them it has ever called: what a Sidecar object could leave out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mesh/explain/held_config.h"

namespace proa::mesh {

struct ServiceUse {
  std::string ns{};        ///< of the service; empty: its cluster does not say
  std::string host{};      ///< "reviews.shop.svc.cluster.local"
  double connections = 0;  ///< since the proxy was started, by all ports and subsets

  bool called() const { return connections > 0; }
};

/// By host. `prometheus`: of the same proxy's /stats/prometheus, of which connections to clusters count.
Result<std::vector<ServiceUse>> service_use(const HeldConfig& held, std::string_view prometheus);

/// The Sidecar object that leaves the workload what it has called. Empty for a node without namespace or labels to select
/// it by.
std::string sidecar_object(const envoy::config::core::v3::Node& node, const std::vector<ServiceUse>& use);

}  // namespace proa::mesh
