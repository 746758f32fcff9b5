// What a workload's proxy tells its peer about the workload, in Istio's exchange of metadata.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace proa::net {

/// Texts are empty where nothing was said. Plain data; safe to share once made.
struct MeshPeer {
  std::string id;  ///< of its proxy, as its node has it
  std::string instance;
  std::string namespace_name;
  std::string workload;
  std::string cluster;
  std::string owner;  ///< "kubernetes://apis/apps/v1/namespaces/NS/deployments/NAME"
  std::string canonical_name;
  std::string canonical_revision;
  std::string app;
  std::string version;
  std::vector<std::pair<std::string, std::string>> labels;  ///< those asked for besides

  /// "deployment", "job", "cronjob", "pod", by the owner; empty: not known.
  std::string_view workload_type() const;
  bool operator==(const MeshPeer&) const = default;
};

/// From a serialized google.protobuf.Struct, as x-envoy-peer-metadata has it in base64. Nothing for what is none.
/// `labels`: names of labels to keep.
std::optional<MeshPeer> read_mesh_peer(std::string_view structure, const std::vector<std::string>& labels);

/// Of an endpoint: "WORKLOAD;NAMESPACE;CANONICAL_NAME;CANONICAL_REVISION;CLUSTER".
std::optional<MeshPeer> mesh_peer_of_endpoint(std::string_view text);

}  // namespace proa::net
