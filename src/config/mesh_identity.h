// What this proxy tells its peers about the workload beside it: from the metadata of its node, as istio/proxy does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/compiler.h"
#include "istio/metadata_exchange.pb.h"
#include "net/mesh_peer.h"
#include "net/peer_exchange.h"

namespace proa::config {

class SupportedTable;

struct MeshIdentity {
  std::string id;         ///< the node's
  std::string structure;  ///< a serialized google.protobuf.Struct
  net::MeshPeer peer;     ///< the same, read
};
/// `labels`: told besides those that everybody tells.
MeshIdentity mesh_identity(const Compiler& compiler, const std::vector<std::string>& labels);

std::shared_ptr<const net::PeerExchangeSpec> compile_metadata_exchange(
    const envoy::tcp::metadataexchange::config::MetadataExchange& from, const Compiler& compiler);

void add_mesh_identity_fields(SupportedTable& table);

}  // namespace proa::config
