#include "mesh/ca/node_identity.h"

#include <fmt/format.h>

#include "envoy/config/core/v3/base.pb.h"
#include "mesh/ca/spiffe_id.h"

namespace proa::mesh {

Result<std::string> node_identity(const net::ConnectionInfo& peer, const Node& node,
                                  std::span<const std::string> trust_domains) {
  if (!peer.tls) return std::string();
  Result<SpiffeId> id = peer_identity(peer, trust_domains);
  if (!id) return std::unexpected(id.error());
  const auto& metadata = node.message->metadata().fields();
  auto differs = [&](const char* key, const std::string& proven) {
    auto said = metadata.find(key);
    return said != metadata.end() && said->second.string_value() != proven;
  };
  if (differs("NAMESPACE", id->name_space) || differs("SERVICE_ACCOUNT", id->account)) {
    return fail(fmt::format("the node says another NAMESPACE or SERVICE_ACCOUNT than its certificate {}", id->text()));
  }
  return id->text();
}

}  // namespace proa::mesh
