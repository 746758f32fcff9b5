// peer_authentication: whether a workload takes plain connections, mutual TLS, or both, by port.
#pragma once

#include <cstdint>
#include <map>

#include "mesh/translate/proxy_node.h"

namespace proa::mesh {

class World;

enum class MutualTls : std::uint8_t { disable, permissive, strict };

/// Of one workload. The mesh's PeerAuthentication is the default of the namespace's, and that of the workload's own; of
/// several the oldest wins, and what is not set comes from the level above.
struct PeerModes {
  MutualTls workload = MutualTls::permissive;
  std::map<std::uint32_t, MutualTls> ports{};  ///< of the workload, where they differ in their own right

  MutualTls of(std::uint32_t port) const;
};

PeerModes peer_modes(const World& world, const ProxyNode& node);

}  // namespace proa::mesh
