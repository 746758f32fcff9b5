// Tells the other end of a request which workload this proxy stands beside, and takes in what it tells: Istio's exchange
// of metadata by headers. Source: io.istio.http.peer_metadata.Config, the HTTP filter istio.metadata_exchange.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filters/filter.h"

namespace proa::filters {

struct PeerMetadataConfig {
  struct Tell {
    bool skip_external = false;  ///< not to clusters outside the mesh
  };
  bool learn_downstream = false;          ///< from the request's headers, which are taken away
  bool learn_upstream = false;            ///< likewise from the response's
  std::optional<Tell> tell_downstream{};  ///< in the response, to clients that told
  std::optional<Tell> tell_upstream{};
  std::string id;     ///< of our node
  std::string value;  ///< x-envoy-peer-metadata: a Struct in base64
  std::vector<std::string> labels{};
};
std::unique_ptr<Filter> make_peer_metadata(PeerMetadataConfig config);

}  // namespace proa::filters
