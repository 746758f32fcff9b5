// ProxyNode: what a proxy says of itself in its first request, as translation needs it: "sidecar~IP~ID~DNSDOMAIN" and
// the metadata that Istio's agents send.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "mesh/source/document.h"

namespace envoy::config::core::v3 {
class Node;
}

namespace proa::mesh {

struct ProxyNode {
  enum class Type : std::uint8_t { sidecar, router };

  Type type = Type::sidecar;
  std::vector<std::string> addresses{};  ///< INSTANCE_IPS, else the one of its id
  std::string id{};                      ///< "productpage-1.shop"
  std::string dns_domain{};              ///< "shop.svc.cluster.local"
  std::string ns{};
  std::string cluster_id{};  ///< CLUSTER_ID
  std::string network{};
  std::string service_account{};
  Labels labels{};
  std::string region{};
  std::string zone{};
  std::string subzone{};
  std::string mesh_id{};   ///< MESH_ID
  bool intercepts = true;  ///< INTERCEPTION_MODE is not NONE
  bool http10 = false;     ///< HTTP10: takes HTTP/1.0
  /// It has Istio's own filters (istio.stats, istio.alpn, istio.metadata_exchange): ours, and Istio's build of Envoy,
  /// which names them among its extensions. Another Envoy refuses a listener that has one.
  bool istio_filters = false;

  bool operator==(const ProxyNode&) const = default;
};

/// Fails for an id that is not of four parts, or a type that is neither sidecar nor router.
Result<ProxyNode> proxy_node(const envoy::config::core::v3::Node& node);

}  // namespace proa::mesh
