// circuit_breakers: the limits of a connection pool.
#pragma once

#include "mesh/translate/scope.h"

namespace envoy::config::cluster::v3 {
class Cluster;
}

namespace proa::mesh {

/// What the pool does not limit has no limit: Envoy's own defaults of 1024 surprise people.
void set_breakers(const istio::networking::v1alpha3::ConnectionPoolSettings& pool,
                  envoy::config::cluster::v3::Cluster& out);

}  // namespace proa::mesh
