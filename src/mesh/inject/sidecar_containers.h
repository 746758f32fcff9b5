// sidecar_containers: the YAML that a pod gets: rules that lead its connections, the sidecar, and where it has its token from.
#pragma once

#include "mesh/inject/inject.h"
#include "mesh/inject/pod_template.h"
#include "mesh/inject/text_edits.h"

namespace proa::mesh {

inline constexpr const char* kInitName = "istio-init";
inline constexpr const char* kProxyName = "istio-proxy";
inline constexpr std::string_view kInterception = "sidecar.istio.io/interceptionMode";

/// Items of initContainers. Fails for an annotation whose value is not supported. `probes`: ISTIO_KUBE_APP_PROBERS.
Result<Lines> sidecar_containers(const PodTemplate& pods, const InjectOptions& options, const std::string& probes);

/// Labels that say what the workload is in the mesh, those that the pods do not have themselves.
std::vector<std::pair<std::string, std::string>> added_labels(const PodTemplate& pods);

/// Items of volumes.
Lines sidecar_volumes(const InjectOptions& options);

/// Annotations of Istio's injector and redirection that have an effect.
bool is_known_annotation(std::string_view name);

}  // namespace proa::mesh
