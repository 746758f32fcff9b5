// object_watch: objects as they change, for `proa get --watch`.
#pragma once

#include "cli/proa/api_client.h"
#include "cli/proa/object_print.h"

namespace proa::cli {

/// Prints all that there is and then each change, until the control plane ends or somebody ends the command. `output`: table,
/// name, yaml, or json, of which each line is an event. Returns an exit code.
int watch_objects(const ControlAddress& control, const api::ListRequest& request, const std::string& output,
                  TableLook look);

}  // namespace proa::cli
