// select: which objects of a World concern a workload: by namespace, root namespace and selector, as Istio says for
// each kind.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "mesh/model/world.h"

namespace proa::mesh {

/// The policies (AuthorizationPolicy, RequestAuthentication, PeerAuthentication, Telemetry, ProxyConfig, EnvoyFilter)
/// of the root namespace, then of `ns`, that select these labels; those attached by targetRefs are left out.
template <class T>
std::vector<std::shared_ptr<const T>> policies_for(const World& world, std::string_view ns, const Labels& labels);

/// The Sidecar that scopes a workload: the first of its namespace that selects it, else the namespace's one without
/// selector, else the root namespace's; null: there is none.
std::shared_ptr<const Sidecar> sidecar_for(const World& world, std::string_view ns, const Labels& labels);

/// The Gateways whose selector selects these labels, oldest first. With `own_namespace_only` those of `ns` alone
/// (PILOT_SCOPE_GATEWAY_TO_NAMESPACE).
std::vector<std::shared_ptr<const Gateway>> gateways_for(const World& world, std::string_view ns, const Labels& labels,
                                                         bool own_namespace_only = false);

/// Whether an object of `ns` with this exportTo is seen in `from`. `fallback` is the mesh's default.
bool visible(const std::vector<std::string>& export_to, const std::vector<std::string>& fallback, std::string_view ns,
             std::string_view from);

}  // namespace proa::mesh
