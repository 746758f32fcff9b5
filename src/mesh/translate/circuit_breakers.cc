#include "mesh/translate/circuit_breakers.h"

#include <limits>

#include "envoy/config/cluster/v3/cluster.pb.h"

namespace proa::mesh {

void set_breakers(const istio::networking::v1alpha3::ConnectionPoolSettings& pool,
                  envoy::config::cluster::v3::Cluster& out) {
  constexpr std::uint32_t kNoLimit = std::numeric_limits<std::uint32_t>::max();
  auto& limits = *out.mutable_circuit_breakers()->add_thresholds();
  const auto or_none = [](std::int32_t value) { return value == 0 ? kNoLimit : static_cast<std::uint32_t>(value); };
  limits.mutable_max_connections()->set_value(or_none(pool.tcp().max_connections()));
  limits.mutable_max_pending_requests()->set_value(or_none(pool.http().http1_max_pending_requests()));
  limits.mutable_max_requests()->set_value(or_none(pool.http().http2_max_requests()));
  limits.mutable_max_retries()->set_value(or_none(pool.http().max_retries()));
}

}  // namespace proa::mesh
