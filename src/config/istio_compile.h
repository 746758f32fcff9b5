// Istio's own filters: istio.alpn, istio.metadata_exchange (HTTP) and istio.stats.
#pragma once

#include <memory>

#include "config/compiler.h"
#include "config/site.h"
#include "filters/istio_alpn.h"
#include "filters/istio_metrics.h"
#include "filters/peer_metadata.h"
#include "istio/alpn.pb.h"
#include "istio/peer_metadata.pb.h"
#include "istio/stats.pb.h"

namespace proa::config {

class SupportedTable;

filters::IstioAlpnConfig compile_istio_alpn(
    const istio::envoy::config::filter::http::alpn::v2alpha1::FilterConfig& from);
filters::PeerMetadataConfig compile_peer_metadata(const io::istio::http::peer_metadata::Config& from,
                                                  const Compiler& compiler);
std::shared_ptr<const filters::IstioMetrics> compile_istio_metrics(const stats::PluginConfig& from, const Site& at,
                                                                   Compiler& compiler);

void add_istio_fields(SupportedTable& table);

}  // namespace proa::config
