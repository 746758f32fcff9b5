// The four things that can be done with a redirection, in the network namespace that this process is in.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "redirect/options.h"

namespace proa::redirect {

/// "nftables", "iptables", ...
std::string name_of(Backend backend);

/// Makes the options hold, whatever held before. A failure leaves everything as it was; connections are captured, or
/// not, as before up to the moment when all are as asked. Returns what was done, a sentence each.
Result<std::vector<std::string>> apply(const Options& options);

/// Removes all that apply() makes, with whichever backend; of the options, the marks and tables count. Returns what was
/// removed, a sentence each.
Result<std::vector<std::string>> clean(const Options& options);

/// All that apply() would load, as text that the tools read, with the commands as comments.
std::string print(const Options& options);

/// Ids that this process's user namespace does not have are an error: the kernel would refuse them, or never see them.
Status check_ids(const Options& options);

}  // namespace proa::redirect
