// The proxy at the other end of a stream, as its first request describes it.
#pragma once

#include <memory>
#include <string>

namespace envoy::config::core::v3 {
class Node;
}

namespace proa::mesh {

/// Immutable.
struct Node {
  std::string id{};        ///< "sidecar~10.1.1.1~app.ns~ns.svc.cluster.local", or any other text
  std::string cluster{};   ///< --service-cluster
  std::string identity{};  ///< the peer's SPIFFE URI, proven by mTLS; empty: not authenticated
  /// Everything it said: metadata, locality, user agent, client features. Never null.
  std::shared_ptr<const envoy::config::core::v3::Node> message{};
};

}  // namespace proa::mesh
