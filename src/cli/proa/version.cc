// proa version: which build this is.
#include "cli/version.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/proa/commands.h"
#include "cli/revision.h"

namespace proa::cli {
namespace {

class VersionCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("version", "print the version");
    app->add_option("-o,--output", output_, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->option_text("FORMAT");
    app->footer(examples({"proa version", "proa version -o json#for scripts"}));
    return app;
  }

  int run() override {
    if (output_ == "json") {
      const nlohmann::ordered_json json{{"version", kVersion}, {"revision", kRevision}, {"modified", kModified}};
      std::puts(json.dump().c_str());
      return kExitOk;
    }
    std::string text = fmt::format("proa {}", kVersion);
    if (*kRevision) text += fmt::format(" (revision {}{})", kRevision, kModified ? ", modified" : "");
    std::puts(text.c_str());
    return kExitOk;
  }

 private:
  std::string output_ = "text";
};

}  // namespace

std::unique_ptr<Command> make_version_command() { return std::make_unique<VersionCommand>(); }

}  // namespace proa::cli
