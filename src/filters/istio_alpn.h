// The ALPN that a request's upstream connection offers, by the protocol it will speak: Istio's servers tell from it that
// a client of the mesh speaks HTTP. Source: istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "filters/filter.h"

namespace proa::filters {

/// Empty: the cluster's own.
struct IstioAlpnConfig {
  std::vector<std::string> http10, http11, http2;
};
std::unique_ptr<Filter> make_istio_alpn(IstioAlpnConfig config);

}  // namespace proa::filters
