#include "cli/proa/commands.h"

namespace proa::cli {

std::vector<std::unique_ptr<Command>> make_commands(const CLI::App& program) {
  std::vector<std::unique_ptr<Command>> out;
  out.push_back(make_analyze_command());
  out.push_back(make_up_command());
  out.push_back(make_control_command());
  out.push_back(make_apply_command());
  out.push_back(make_get_command());
  out.push_back(make_delete_command());
  out.push_back(make_diff_command());
  out.push_back(make_edit_command());
  out.push_back(make_config_command());
  out.push_back(make_explain_command());
  out.push_back(make_check_command());
  out.push_back(make_scope_command());
  out.push_back(make_graph_command());
  out.push_back(make_top_command());
  out.push_back(make_proxies_command());
  out.push_back(make_sidecar_command());
  out.push_back(make_redirect_command());
  out.push_back(make_inject_command());
  out.push_back(make_ca_command());
  out.push_back(make_certs_command());
  out.push_back(make_token_command());
  out.push_back(make_completion_command(program));
  out.push_back(make_version_command());
  return out;
}

}  // namespace proa::cli
