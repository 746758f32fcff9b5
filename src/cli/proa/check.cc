// proa check: whether this host is ready for a sidecar or a control plane.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/proa/commands.h"
#include "cli/proa/control_check.h"
#include "cli/proa/host_checks.h"
#include "cli/proa/structured.h"

namespace proa::cli {
namespace {

using Level = redirect::Finding::Level;

constexpr const char* kWords[] = {"ok", "note", "FAIL"};

const char* word_of(const redirect::Finding& finding) { return kWords[static_cast<size_t>(finding.level)]; }

class CheckCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("check", "tell whether this host is ready, and what to do where it is not");
    auto* control = app->add_option("--control", control_, "whether this control plane answers; with --root")
                        ->option_text("HOST:PORT");
    auto* root = app->add_option("--root", root_, "PEM file of the mesh's root")->needs(control)->option_text("FILE");
    control->needs(root);
    app->add_option("--control-name", control_name_, "that its certificate must have (istiod.istio-system.svc)")
        ->needs(control)
        ->option_text("NAME");
    app->add_option("--token-file", token_file_, "whether nobody else can read this token")->option_text("FILE");
    app->add_option("--ca", authority_, "whether this host is ready for a control plane with this authority")
        ->option_text("DIR");
    add_output_option(*app, output_);
    app->footer(
        examples({"proa check#for a sidecar", "proa check --control mesh:15012 --root root-cert.pem --token-file token",
                  "proa check --ca /var/lib/proa/ca#for a control plane", "proa check -o json#for scripts"}) +
        "\n\nExits with 1 when a line is FAIL. proa redirect check tells whether redirection is there.");
    return app;
  }

  int run() override {
    Findings findings;
    if (authority_.empty()) {
      check_redirection(findings);
      check_sidecar_ports(findings);
      check_proxy_user(findings);
      check_proxy_program(findings);
    } else {
      check_control_ports(findings);
      check_authority(authority_, findings);
    }
    check_clock(findings);
    check_open_files(findings);
    if (!token_file_.empty()) check_secret_file(token_file_, findings);
    if (!control_.empty()) check_control(control_, root_, control_name_, findings);
    if (Status printed = print(findings); !printed) return complain(printed.error().message);
    const bool bad = std::ranges::any_of(findings, [](const auto& each) { return each.level == Level::bad; });
    return bad ? kExitFailed : kExitOk;
  }

 private:
  Status print(const Findings& findings) const {
    if (output_ != "table") {
      nlohmann::ordered_json out = nlohmann::ordered_json::array();
      for (const auto& each : findings) {
        out.push_back({{"level", word_of(each)}, {"what", each.what}, {"fix", each.fix}});
      }
      return print_structured("findings", out, output_);
    }
    for (const auto& each : findings) {
      std::puts(fmt::format("{:<4} {}", word_of(each), each.what).c_str());
      if (!each.fix.empty()) std::puts(fmt::format("     fix: {}", each.fix).c_str());
    }
    return {};
  }

  std::string control_, root_, control_name_ = "istiod.istio-system.svc", token_file_, authority_, output_ = "table";
};

}  // namespace

std::unique_ptr<Command> make_check_command() { return std::make_unique<CheckCommand>(); }

}  // namespace proa::cli
