// Starts the next process of a hot restart: the program as it is on disk now, with the same command line.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace proa::cli {

/// The command line with `--restart-epoch EPOCH` in place of any that is there.
std::vector<std::string> successor_command(const std::vector<std::string>& command, uint32_t epoch);
/// Runs it (the program by its path or over $PATH) with no signal blocked.
Result<pid_t> start_process(const std::vector<std::string>& command);

}  // namespace proa::cli
