// The redirection by programs at sockets (bpf/redirect.bpf.c): loaded, kept in a bpf file system, removed.
#pragma once

#include <string>

#include "base/result.h"
#include "redirect/options.h"

namespace proa::redirect {

/// The programs take the places of those that were there, one by one, the new one before the old one goes; a failure
/// leaves the old ones. A proxy that listens already is found.
Status ebpf_apply(const Options& options);
/// Tells whether programs of ours were there, for this network namespace.
Result<bool> ebpf_clean(const Options& options);
/// Whether the kernel would take the programs; changes nothing.
Status ebpf_probe();
/// In what it is not as asked; empty: in nothing.
Result<std::string> ebpf_difference(const Options& options);

}  // namespace proa::redirect
