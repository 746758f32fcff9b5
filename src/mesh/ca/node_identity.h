// Whether a proxy is who it says.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "mesh/push/node.h"
#include "net/transport.h"

namespace proa::mesh {

/// The SPIFFE identity that the peer proves. Over TLS it must prove one, and the NAMESPACE and SERVICE_ACCOUNT of its node
/// metadata, where they are said, must be those of it: else it would read somebody else's configuration. Over clear text
/// nobody proves anything: empty.
Result<std::string> node_identity(const net::ConnectionInfo& peer, const Node& node,
                                  std::span<const std::string> trust_domains);

}  // namespace proa::mesh
