// host_checks: what must hold on a host before a sidecar or a control plane can run there, each with what to do where it
// does not.
#pragma once

#include <string>
#include <vector>

#include "redirect/check.h"

namespace proa::cli {

using Findings = std::vector<redirect::Finding>;

/// The kernel, and by which means it can lead connections to a sidecar.
void check_redirection(Findings& out);
/// Whether somebody else has the ports of a sidecar, or those of a control plane.
void check_sidecar_ports(Findings& out);
void check_control_ports(Findings& out);
/// The user that redirection knows the proxy by.
void check_proxy_user(Findings& out);
/// Certificates are only good by a clock that is right.
void check_clock(Findings& out);
/// How many connections a process may have.
void check_open_files(Findings& out);
/// The proxy that would be started is there, and of this version.
void check_proxy_program(Findings& out);
/// Nobody but its owner reads what is in the file.
void check_secret_file(const std::string& file, Findings& out);
/// The folder of a certificate authority.
void check_authority(const std::string& directory, Findings& out);

}  // namespace proa::cli
