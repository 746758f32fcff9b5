// Runs nft, iptables-restore and ip: no shell, and an error that says what was tried.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace proa::redirect {

/// Where `name` is: in PATH, or in the folders of an administrator, which PATH may lack. A path is what it is.
std::optional<std::string> find_tool(std::string_view name);

struct ToolOutput {
  int exit_code = 0;
  std::string out;  ///< what it wrote to its standard output
  std::string err;
};

/// Runs it to its end, with `input` as its standard input. Fails when it cannot be started, or is killed.
Result<ToolOutput> run_tool(const std::vector<std::string>& argv, std::string_view input = {});

/// The same, and an exit code other than 0 fails: with the command, what it said, the line of `input` that it complained
/// of, and how to help it where that is known. Returns its standard output.
Result<std::string> demand_tool(const std::vector<std::string>& argv, std::string_view input = {});

}  // namespace proa::redirect
