// proa apply: creates objects, or replaces them.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>

#include "cli/proa/api_client.h"
#include "cli/proa/commands.h"
#include "cli/proa/object_files.h"

namespace proa::cli {
namespace {

const char* word(api::Applied::Outcome outcome) {
  switch (outcome) {
    case api::Applied::CREATED: return "created";
    case api::Applied::CONFIGURED: return "configured";
    default: return "unchanged";
  }
}

class ApplyCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("apply", "create objects in the control plane, or replace them");
    app->add_option("-f,--filename", files_, "files and folders of objects, - for standard input")
        ->required()
        ->option_text("FILES");
    app->add_flag("-R,--recursive", recursive_, "folders with those below");
    app->add_option("-n,--namespace", namespace_, "of objects that say none (default)")->option_text("NAME");
    app->add_flag("--dry-run", dry_run_, "tell what would be done, and whether it may be");
    app->add_flag("--wait", wait_,
                  "until every connected proxy has taken it; exits with 1 when one refuses or is late");
    app->add_option("--wait-s", wait_s_, "but not longer (30)")->check(CLI::Range(1, 3600))->option_text("SECONDS");
    add_api_options(*app, control_);
    app->footer(
        examples({"proa apply -f reviews.yaml", "proa apply -f mesh/ -R#a folder, and those in it",
                  "proa get vs reviews -o yaml | sed s/v1/v2/ | proa apply -f -",
                  "proa apply -f mesh/ --dry-run#is it right?", "proa apply -f mesh/ --wait#until it is in effect"}) +
        "\n\nAll objects of the call are applied or, if anything is wrong with one of them, none. An object is "
        "replaced\n"
        "as a whole. Where it says a metadata.resourceVersion, it must be the current one.");
    return app;
  }

  int run() override {
    auto files = read_object_files(files_, recursive_);
    if (!files) return complain(files.error().message);
    api::ApplyRequest request;
    for (ObjectFile& file : *files) {
      api::Text& text = *request.add_texts();
      text.set_file(std::move(file.name));
      text.set_text(std::move(file.text));
    }
    request.set_namespace_(namespace_);
    request.set_dry_run(dry_run_);
    auto response = call_api<api::ApplyResponse>(control_, "Apply", request);
    if (!response) return complain(control_, response.error());
    for (const std::string& warning : response->warnings()) std::fputs((warning + "\n").c_str(), stderr);
    for (const api::Applied& each : response->applied()) {
      std::puts(fmt::format("{} {}{}", shown(each.name()), word(each.outcome()), dry_run_ ? " (dry run)" : "").c_str());
    }
    return wait_ && !dry_run_ ? wait_for_proxies(response->began_ms()) : kExitOk;
  }

 private:
  int wait_for_proxies(std::int64_t since_ms) const {
    api::SettleRequest request;
    request.set_timeout_ms(static_cast<std::uint32_t>(wait_s_ * 1000));
    request.set_refused_since_ms(since_ms);
    const auto response =
        call_api<api::SettleResponse>(control_, "Settle", request, Milliseconds(wait_s_ * 1000 + 10'000));
    if (!response) return complain(control_, response.error());
    for (const auto& each : response->refusals()) {
      complain(fmt::format("{} refuses {} {}: {}", each.proxy(), each.type().substr(each.type().rfind('.') + 1),
                           each.resource(), each.reason()));
    }
    for (const std::string& proxy : response->late()) complain(fmt::format("{} has not answered", proxy));
    if (response->refusals_size() + response->late_size() > 0) return kExitFailed;
    std::puts(fmt::format("taken by {}",
                          response->proxies() == 1 ? "1 proxy" : fmt::format("{} proxies", response->proxies()))
                  .c_str());
    return kExitOk;
  }

  std::vector<std::string> files_;
  std::string namespace_;
  ControlAddress control_;
  bool recursive_ = false, dry_run_ = false, wait_ = false;
  int wait_s_ = 30;
};

}  // namespace

std::unique_ptr<Command> make_apply_command() { return std::make_unique<ApplyCommand>(); }

}  // namespace proa::cli
