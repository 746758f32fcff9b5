// proa: the control plane and everything a person types. Each command is a file of cli/proa.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/proa/commands.h"
#include "cli/version.h"

namespace proa::cli {
namespace {

int run(int argc, char** argv) {
  CLI::App program{"proa: the control plane of Proa, a service mesh and API gateway for gRPC and HTTP.", "proa"};
  program.get_formatter()->column_width(34);
  program.set_version_flag("--version", fmt::format("proa {}", kVersion));
  program.require_subcommand(1);
  program.footer("proa COMMAND --help tells more of a command, with examples.");
  const auto commands = make_commands(program);
  std::vector<CLI::App*> apps;
  for (const auto& command : commands) {
    apps.push_back(command->declare(program));
    apps.back()->get_formatter()->column_width(34);
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  for (size_t i = 0; i < apps.size(); ++i) {
    if (apps[i]->parsed()) return commands[i]->run();
  }
  return kExitUsage;  // unreachable: one is required
}

}  // namespace
}  // namespace proa::cli

int main(int argc, char** argv) { return proa::cli::run(argc, argv); }
