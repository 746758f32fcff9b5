// proa diff: what proa apply would change.
#include <CLI/CLI.hpp>

#include <cstdio>

#include "cli/proa/api_client.h"
#include "cli/proa/commands.h"
#include "cli/proa/object_files.h"
#include "cli/proa/secret_mask.h"
#include "cli/proa/unified_diff.h"

namespace proa::cli {
namespace {

/// As `diff` has it: 0 the same, 1 different, 2 trouble.
constexpr int kSame = 0, kDifferent = 1, kTrouble = 2;

class DiffCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("diff", "show what proa apply would change");
    app->add_option("-f,--filename", files_, "files and folders of objects, - for standard input")
        ->required()
        ->option_text("FILES");
    app->add_flag("-R,--recursive", recursive_, "folders with those below");
    app->add_option("-n,--namespace", namespace_, "of objects that say none (default)")->option_text("NAME");
    add_api_options(*app, control_);
    app->footer(examples({"proa diff -f mesh/", "proa diff -f reviews.yaml && echo nothing to do"}) +
                "\n\nExits with 0 where nothing differs, 1 where something does, and 2 where that cannot be told.");
    return app;
  }

  int run() override {
    auto files = read_object_files(files_, recursive_);
    if (!files) return complain(files.error().message), kTrouble;
    api::ApplyRequest request;
    for (ObjectFile& file : *files) {
      api::Text& text = *request.add_texts();
      text.set_file(std::move(file.name));
      text.set_text(std::move(file.text));
    }
    request.set_namespace_(namespace_);
    request.set_dry_run(true);
    auto response = call_api<api::ApplyResponse>(control_, "Apply", request);
    if (!response) return complain(control_, response.error()), kTrouble;
    int code = kSame;
    for (const api::Applied& each : response->applied()) {
      const std::string& ns = each.name().namespace_();
      const std::string name = (ns.empty() ? "" : ns + "/") + shown(each.name());
      std::string before = each.before(), after = each.after();
      if (each.name().kind().kind() == "Secret") {
        if (Status masked = mask_secrets(before, after); !masked) return complain(masked.error().message), kTrouble;
      }
      const std::string text = unified_diff(before, after, "now/" + name, "then/" + name);
      if (text.empty()) continue;
      std::fputs(text.c_str(), stdout);
      code = kDifferent;
    }
    return code;
  }

 private:
  std::vector<std::string> files_;
  std::string namespace_;
  ControlAddress control_;
  bool recursive_ = false;
};

}  // namespace

std::unique_ptr<Command> make_diff_command() { return std::make_unique<DiffCommand>(); }

}  // namespace proa::cli
