// proa delete: removes objects from the control plane.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>

#include "cli/proa/api_client.h"
#include "cli/proa/commands.h"
#include "cli/proa/object_files.h"
#include "cli/proa/object_names.h"
#include "mesh/source/yaml_documents.h"

namespace proa::cli {
namespace {

class DeleteCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("delete", "remove objects from the control plane");
    auto* words = app->add_option("objects", words_, "KIND NAME ..., or KIND/NAME ...");
    words->option_text("KIND NAME ...");
    app->add_option("-f,--filename", files_, "the objects of these files and folders, - for standard input")
        ->excludes(words)
        ->option_text("FILES");
    app->add_flag("-R,--recursive", recursive_, "folders with those below");
    app->add_option("-n,--namespace", namespace_, "of the objects (default)")->option_text("NAME");
    app->add_flag("--ignore-not-found", ignore_not_found_, "what is not there is no error");
    app->add_flag("--dry-run", dry_run_, "tell what would be removed");
    add_api_options(*app, control_);
    app->footer(examples({"proa delete vs reviews -n shop", "proa delete vs/reviews dr/reviews#of more kinds",
                          "proa delete -f mesh/ --ignore-not-found"}) +
                "\n\nAll of the call are removed or none. Kinds: " + known_kinds() + ".");
    return app;
  }

  int run() override {
    api::DeleteRequest request;
    request.set_ignore_not_found(ignore_not_found_);
    request.set_dry_run(dry_run_);
    if (const int code = files_.empty() ? add_words(request) : add_files(request); code != kExitOk) return code;
    auto response = call_api<api::DeleteResponse>(control_, "Delete", request);
    if (!response) return complain(control_, response.error());
    for (const api::Name& each : response->deleted()) {
      std::puts(fmt::format("{} deleted{}", shown(each), dry_run_ ? " (dry run)" : "").c_str());
    }
    return kExitOk;
  }

 private:
  int add_words(api::DeleteRequest& request) const {
    auto names = ObjectNames::parse(words_);
    if (!names || names->objects.empty()) {
      complain(names ? "delete needs KIND NAME or -f FILE" : names.error().message);
      return kExitUsage;
    }
    for (const ObjectNames::One& one : names->objects) {
      const std::string ns = mesh::info(one.kind).namespaced ? (namespace_.empty() ? "default" : namespace_) : "";
      mesh::write_name({one.kind, ns, one.name}, *request.add_objects()->mutable_name());
    }
    return kExitOk;
  }

  int add_files(api::DeleteRequest& request) const {
    auto files = read_object_files(files_, recursive_);
    if (!files) return complain(files.error().message);
    config::Problems problems;
    for (const ObjectFile& file : *files) {
      const auto documents = mesh::read_documents(file.text, file.name, problems);
      if (!documents) continue;
      for (const mesh::Document& document : documents->good) {
        mesh::ObjectKey key = document.key;
        const auto written = document.root.find("metadata")->find("namespace");
        if (!namespace_.empty() && !key.ns.empty() && !written) key.ns = namespace_;
        mesh::write_name(key, *request.add_objects()->mutable_name());
      }
    }
    return problems.ok() ? kExitOk : complain(problems.str());
  }

  std::vector<std::string> words_, files_;
  std::string namespace_;
  ControlAddress control_;
  bool recursive_ = false, ignore_not_found_ = false, dry_run_ = false;
};

}  // namespace

std::unique_ptr<Command> make_delete_command() { return std::make_unique<DeleteCommand>(); }

}  // namespace proa::cli
