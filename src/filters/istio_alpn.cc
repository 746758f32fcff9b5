#include "filters/istio_alpn.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "observe/metadata.h"
#include "route/route.h"
#include "upstream/clusters.h"
#include "upstream/pool.h"

namespace proa::filters {
namespace {

/// istiod's word for clusters whose servers are outside the mesh.
bool forbids_override(const upstream::ClusterSpec& spec) {
  if (!spec.metadata) return false;
  static const std::string kPath[] = {"alpn_override"};
  const nlohmann::json* word = spec.metadata->find("istio", kPath);
  return word && word->is_string() && word->get_ref<const std::string&>() == "false";
}

class IstioAlpn final : public Filter {
 public:
  explicit IstioAlpn(IstioAlpnConfig config) : Filter({}), config_(std::move(config)) {}

  Verdict on_request(Exchange& x, bool) const override {
    const route::Route* route = x.route();
    if (!route || !route->forward()) return Verdict::kContinue;
    upstream::WorkerCluster* cluster = x.clusters().find(route::cluster_of(*route, x.request()));
    if (cluster) offer(x, cluster->spec());
    return Verdict::kContinue;
  }

  std::optional<Foreseen> foresee(Exchange& x, const upstream::ClusterSpec* cluster) const override {
    if (cluster) offer(x, *cluster);
    const auto* alpn = x.info().upstream_alpn;
    return Foreseen{.why = alpn ? fmt::format("offers {}", fmt::join(*alpn, ", ")) : "offers what the cluster does"};
  }

 private:
  void offer(Exchange& x, const upstream::ClusterSpec& cluster) const {
    if (forbids_override(cluster)) return;
    const std::vector<std::string>& alpn =
        alpn_for(cluster.http ? *cluster.http : upstream::default_http(), x.request().version);
    if (!alpn.empty()) x.info().upstream_alpn = &alpn;
  }

  const std::vector<std::string>& alpn_for(const upstream::HttpSpec& spec, http::Version version) const {
    if (spec.protocol == upstream::UpstreamProtocol::kUseDownstream && version == http::Version::kHttp10) {
      return config_.http10;
    }
    const bool http1 = upstream::pool_protocol(spec, version) == upstream::UpstreamProtocol::kHttp1;
    return http1 ? config_.http11 : config_.http2;
  }

  IstioAlpnConfig config_;
};

}  // namespace

std::unique_ptr<Filter> make_istio_alpn(IstioAlpnConfig config) {
  return std::make_unique<IstioAlpn>(std::move(config));
}

}  // namespace proa::filters
