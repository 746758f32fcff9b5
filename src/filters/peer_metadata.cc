#include "filters/peer_metadata.h"

#include <unordered_map>

#include "base/base64.h"
#include "net/mesh_peer.h"
#include "observe/metadata.h"
#include "route/route.h"
#include "upstream/clusters.h"

namespace proa::filters {
namespace {

constexpr std::string_view kMetadata = "x-envoy-peer-metadata";
constexpr std::string_view kId = "x-envoy-peer-metadata-id";

using PeerPtr = std::shared_ptr<const net::MeshPeer>;

/// What peers said lately, by their very words: reading them is the expensive part. Of one thread.
class KnownPeers {
 public:
  PeerPtr find(std::string_view words, const std::vector<std::string>& labels) {
    std::string key(words);
    for (const std::string& label : labels) key.append(1, '\n').append(label);
    auto found = peers_.find(key);
    if (found != peers_.end()) return found->second;
    PeerPtr peer;
    if (auto bytes = base64_decode(words)) {
      if (auto read = net::read_mesh_peer(*bytes, labels))
        peer = std::make_shared<const net::MeshPeer>(std::move(*read));
    }
    if (key.size() > kLongest) return peer;
    if (peers_.size() >= kMost) peers_.clear();
    return peers_.emplace(std::move(key), std::move(peer)).first->second;
  }

 private:
  static constexpr size_t kMost = 500;  // as Istio's
  static constexpr size_t kLongest = 8192;
  std::unordered_map<std::string, PeerPtr> peers_;
};
thread_local KnownPeers known_peers;

class PeerMetadata final : public Filter {
 public:
  explicit PeerMetadata(PeerMetadataConfig config)
      : Filter({.response = config.learn_upstream || config.tell_downstream}), config_(std::move(config)) {}

  Verdict on_request(Exchange& x, bool) const override {
    http::HeaderList& headers = x.request().headers;
    auto* seen = x.arena().make<Seen>();
    x.slot(*this) = seen;
    if (config_.learn_downstream) {
      const http::Header* metadata = headers.find(kMetadata);
      seen->metadata = metadata != nullptr;
      seen->id = headers.find(kId) != nullptr;
      if (metadata) learn(*metadata, seen->downstream, x.info().downstream_peer);
      forget(headers);
    }
    if (config_.tell_upstream && !skips(*config_.tell_upstream, x)) {
      headers.set(kId, config_.id);
      headers.set(kMetadata, config_.value);
    }
    return Verdict::kContinue;
  }

  void on_response(Exchange& x, http::ResponseHead& head, bool) const override {
    auto* seen = static_cast<Seen*>(x.slot(*this));
    if (config_.learn_upstream) {
      const http::Header* metadata = head.headers.find(kMetadata);
      if (metadata && seen) learn(*metadata, seen->upstream, x.info().upstream_peer);
      forget(head.headers);
    }
    if (!seen || !config_.tell_downstream || skips(*config_.tell_downstream, x)) return;
    if (seen->id) head.headers.set(kId, config_.id);
    if (seen->metadata) head.headers.set(kMetadata, config_.value);
  }

 private:
  struct Seen {
    PeerPtr downstream, upstream;  // kept for the exchange
    bool metadata = false, id = false;
  };

  /// The first filter that learns is believed.
  void learn(const http::Header& from, PeerPtr& kept, const net::MeshPeer*& to) const {
    if (to) return;
    kept = known_peers.find(from.value, config_.labels);
    to = kept.get();
  }

  static void forget(http::HeaderList& headers) {
    headers.remove(kMetadata);
    headers.remove(kId);
  }

  static bool skips(const PeerMetadataConfig::Tell& tell, Exchange& x) {
    const route::Route* route = x.route();
    if (!route || !route->forward()) return false;
    const std::string_view name = route::cluster_of(*route, x.request());
    if (tell.skip_external && name == "PassthroughCluster") return true;
    upstream::WorkerCluster* cluster = x.clusters().find(name);
    if (!cluster || !cluster->spec().metadata) return false;
    auto says = [&](const std::string& word) {
      const nlohmann::json* found = cluster->spec().metadata->find("istio", {&word, 1});
      return found && found->is_boolean() && found->get<bool>();
    };
    static const std::string kExternal = "external", kDisabled = "disable_mx";
    return says(kDisabled) || (tell.skip_external && says(kExternal));
  }

  PeerMetadataConfig config_;
};

}  // namespace

std::unique_ptr<Filter> make_peer_metadata(PeerMetadataConfig config) {
  return std::make_unique<PeerMetadata>(std::move(config));
}

}  // namespace proa::filters
