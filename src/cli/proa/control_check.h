// control_check: whether a control plane answers, and is who it should be.
#pragma once

#include <string>

#include "cli/proa/host_checks.h"

namespace proa::cli {

/// `at`: HOST:PORT of its TLS; `root_file`: PEM that its certificate must come from; `name`: that it must have.
void check_control(const std::string& at, const std::string& root_file, const std::string& name, Findings& out);

}  // namespace proa::cli
