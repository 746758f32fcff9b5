// istio.stats as an HTTP filter and as a network filter: see istio_metrics.h.
#pragma once

#include <memory>

#include "filters/filter.h"
#include "filters/istio_metrics.h"
#include "filters/network_filter.h"

namespace proa::filters {

std::unique_ptr<Filter> make_istio_stats(std::shared_ptr<const IstioMetrics> metrics);
std::unique_ptr<NetworkFilter> make_network_istio_stats(std::shared_ptr<const IstioMetrics> metrics);

}  // namespace proa::filters
