// workload_proxy: the proxy that stands, or would stand, beside a workload of a World.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "envoy/config/core/v3/base.pb.h"
#include "mesh/model/world.h"

namespace proa::mesh {

/// One of the workloads meant by "namespace/name": the name of the workload, of its object, of its service account, its
/// "app" label, or of a service that it serves. Fails with what there is instead.
Result<std::shared_ptr<const Workload>> workload_named(const World& world, std::string_view text);

/// As its agent would describe it. `gateway`: a router instead of a sidecar.
envoy::config::core::v3::Node node_of(const World& world, const Workload& workload, bool gateway = false);

/// "spiffe://cluster.local/ns/shop/sa/cart"; empty for a workload without an account.
std::string principal_of(const World& world, const Workload& workload);

}  // namespace proa::mesh
