// calls: who calls whom in the mesh, by what proxies have counted (Istio's standard metrics).
#pragma once

#include <compare>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace proa::mesh {

/// A workload as its proxy names it, or what is not known of it ("unknown").
struct Caller {
  std::string ns{}, workload{};
  auto operator<=>(const Caller&) const = default;
};

struct Call {
  Caller from{};
  std::string service{};     ///< "reviews.shop.svc.cluster.local"
  std::string ns{}, name{};  ///< of the service: "shop", "reviews"
  auto operator<=>(const Call&) const = default;
};

/// What one of both proxies has counted of a call.
struct Counted {
  double requests = 0, errors = 0;      ///< errors: 5xx, or a gRPC status that is not 0, or no answer at all
  double connections = 0;               ///< TCP
  double mutual = 0;                    ///< of both: over mutual TLS
  std::map<double, double> duration{};  ///< by upper bound in ms: requests up to it

  Counted& operator+=(const Counted& other);
  Counted& operator-=(const Counted& other);
  /// 0 without requests; the upper bound of the bucket where it ends, or of the last one before infinity.
  double percentile_ms(double share) const;
};

/// By reporter: the caller's proxy says more than the server's, which does not see what never came.
struct CallCount {
  Counted by_source{}, by_destination{};

  const Counted& best() const { return by_source.requests + by_source.connections > 0 ? by_source : by_destination; }
};

using Calls = std::map<Call, CallCount>;

/// Of one proxy's /stats/prometheus.
Result<Calls> read_calls(std::string_view prometheus);

void add(Calls& to, const Calls& more);
/// What has come since `before`; calls with nothing new are left out. A proxy that was started anew counts from 0.
Calls since(const Calls& now, const Calls& before);

}  // namespace proa::mesh
