// The list of commands: a new one is a file with a make_... function, and a line in commands.cc.
#pragma once

#include <memory>
#include <vector>

#include "cli/proa/command.h"

namespace proa::cli {

/// In the order of the help. `program` outlives them.
std::vector<std::unique_ptr<Command>> make_commands(const CLI::App& program);

std::unique_ptr<Command> make_analyze_command();
std::unique_ptr<Command> make_apply_command();
std::unique_ptr<Command> make_ca_command();
std::unique_ptr<Command> make_certs_command();
std::unique_ptr<Command> make_up_command();
std::unique_ptr<Command> make_control_command();
std::unique_ptr<Command> make_delete_command();
std::unique_ptr<Command> make_diff_command();
std::unique_ptr<Command> make_edit_command();
std::unique_ptr<Command> make_get_command();
std::unique_ptr<Command> make_config_command();
std::unique_ptr<Command> make_explain_command();
std::unique_ptr<Command> make_check_command();
std::unique_ptr<Command> make_scope_command();
std::unique_ptr<Command> make_graph_command();
std::unique_ptr<Command> make_top_command();
std::unique_ptr<Command> make_proxies_command();
std::unique_ptr<Command> make_sidecar_command();
std::unique_ptr<Command> make_redirect_command();
std::unique_ptr<Command> make_inject_command();
std::unique_ptr<Command> make_token_command();
std::unique_ptr<Command> make_version_command();
std::unique_ptr<Command> make_completion_command(const CLI::App& program);

}  // namespace proa::cli
