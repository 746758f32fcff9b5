// A workload beside its proxy, from the first certificate to the exit code.
#pragma once

#include "cli/proa/sidecar_options.h"
#include "cli/service_notify.h"

namespace proa::cli {

/// proa-proxy beside this program, or the one of PATH.
std::string default_proxy();

/// Returns the exit code: that of the command, or one of ExitCode when it was never started.
int run_sidecar(const SidecarOptions& options, ServiceNotify service);

}  // namespace proa::cli
