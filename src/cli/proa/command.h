// A subcommand of proa: one object, one file. commands.cc lists them.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace proa::cli {

/// The exit codes of every command, for scripts.
enum ExitCode : int { kExitOk = 0, kExitFailed = 1, kExitUsage = 2 };

class Command {
 public:
  virtual ~Command() = default;
  /// Adds itself, with its options, help and examples, to `program`. The options write into this object, which
  /// outlives the parsing.
  virtual CLI::App* declare(CLI::App& program) = 0;
  /// After the command line was parsed and found right. Returns one of ExitCode.
  virtual int run() = 0;
};

/// "proa: WHY" to stderr; returns kExitFailed.
int complain(const std::string& why);

/// The foot of a command's help. Each line: a command line and, after a '#', what it does.
std::string examples(const std::vector<std::string>& lines);

}  // namespace proa::cli
