// inbound_matches: which filter chains one port has, so that plain connections, those of the mesh, and TLS of the
// application's own are told from each other.
#pragma once

#include <string_view>
#include <vector>

#include "mesh/model/service.h"
#include "mesh/translate/peer_authentication.h"

namespace proa::mesh {

struct InboundMatch {
  bool http = false;
  bool tls = false;                             ///< the chain ends TLS
  std::string_view transport{};                 ///< "tls", "raw_buffer"
  std::vector<std::string_view> application{};  ///< ALPN, or what the first bytes are
};

/// In Istio's order.
std::vector<InboundMatch> inbound_matches(Protocol protocol, MutualTls mode);

}  // namespace proa::mesh
