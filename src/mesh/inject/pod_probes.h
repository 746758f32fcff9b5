// pod_probes: the kubelet has no identity in the mesh. Its probes go to the agent, which asks the application.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "mesh/inject/pod_template.h"
#include "mesh/inject/text_edits.h"

namespace proa::mesh {

/// Leads the probes of all containers to /app-health of the agent. Returns what they were, as ISTIO_KUBE_APP_PROBERS has it;
/// empty: there is none. Probes that cannot be led (exec, https) stay, and `notes` says which may fail then.
Result<std::string> lead_probes(const PodTemplate& pods, TextEdits& edits, std::vector<std::string>& notes);

}  // namespace proa::mesh
