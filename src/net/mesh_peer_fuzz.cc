// What a peer tells of its workload, from a header or an endpoint: any bytes give a peer or nothing, and of what the bytes
// hold, nothing is invented.
#include <cstdint>
#include <cstdlib>

#include "base/base64.h"
#include "net/mesh_peer.h"

namespace {

using proa::net::MeshPeer;

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const MeshPeer& peer, std::string_view bytes) {
  const auto is_part = [bytes](std::string_view text) { require(bytes.find(text) != bytes.npos); };
  for (const std::string* text :
       {&peer.id, &peer.instance, &peer.namespace_name, &peer.workload, &peer.cluster, &peer.owner,
        &peer.canonical_name, &peer.canonical_revision, &peer.app, &peer.version}) {
    is_part(*text);
  }
  for (const auto& [name, value] : peer.labels) {
    require(name == "role");
    is_part(value);
  }
  (void)peer.workload_type();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto peer = proa::net::read_mesh_peer(bytes, {"role"})) check(*peer, bytes);
  if (auto peer = proa::net::mesh_peer_of_endpoint(bytes)) check(*peer, bytes);
  if (auto decoded = proa::base64_decode(bytes)) {
    if (auto peer = proa::net::read_mesh_peer(*decoded, {})) check(*peer, *decoded);
  }
  return 0;
}
