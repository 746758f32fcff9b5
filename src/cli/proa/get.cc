// proa get: the objects that the control plane has, whether by proa apply or out of files.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <set>

#include "cli/proa/api_client.h"
#include "cli/proa/commands.h"
#include "cli/proa/object_names.h"
#include "cli/proa/object_print.h"
#include "cli/proa/object_watch.h"

namespace proa::cli {
namespace {

class GetCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("get", "list or print the objects of the control plane");
    app->add_option("objects", words_, "KIND, KIND NAME ..., or KIND/NAME ...; without any all kinds")
        ->option_text("[KIND [NAME ...]]");
    auto* all = app->add_flag("-A,--all-namespaces", all_, "of all namespaces");
    app->add_option("-n,--namespace", namespace_, "of this namespace (default)")->excludes(all)->option_text("NAME");
    app->add_flag("-w,--watch", watch_, "go on with each change, until Ctrl-C");
    app->add_option("-o,--output", output_, "table, json, yaml or name")
        ->check(CLI::IsMember({"table", "json", "yaml", "name"}))
        ->option_text("FORMAT");
    add_api_options(*app, control_);
    app->footer(
        examples({"proa get -A#all there is", "proa get vs,dr -n shop", "proa get vs reviews -n shop -o yaml",
                  "proa get httproute/shop se/github -o json", "proa get -A -w -o json#a line for each change"}) +
        "\n\nFROM says where an object was written: api, or the file and line. Kinds: " + known_kinds() + ".");
    return app;
  }

  int run() override {
    auto names = ObjectNames::parse(words_);
    if (!names) {
      complain(names.error().message);
      return kExitUsage;
    }
    if (all_ && !names->objects.empty()) {
      complain("objects by name are of one namespace: -n NAME instead of -A");
      return kExitUsage;
    }
    if (watch_ && !names->objects.empty()) {
      complain("--watch is for kinds, not for objects by name");
      return kExitUsage;
    }
    if (namespace_.empty() && !all_) namespace_ = "default";
    if (watch_) return watch_objects(control_, request_for(*names), output_, look_of(*names));
    std::vector<api::Object> objects;
    const int code = names->objects.empty() ? list(*names, objects) : get(*names, objects);
    if (const int printed = print(*names, objects); printed != kExitOk) return printed;
    return code;
  }

 private:
  api::ListRequest request_for(const ObjectNames& names) const {
    api::ListRequest request;
    for (const mesh::Kind kind : names.kinds) mesh::write_kind(kind, *request.add_kinds());
    request.set_namespace_(namespace_);
    request.set_names_only(output_ == "name" || (output_ == "table" && look_of(names).columns.empty()));
    return request;
  }

  TableLook look_of(const ObjectNames& names) const {
    std::set<mesh::Kind> kinds(names.kinds.begin(), names.kinds.end());
    for (const ObjectNames::One& one : names.objects) kinds.insert(one.kind);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {.namespaces = all_,
            .kinds = kinds.size() != 1,
            .columns = kinds.size() == 1 ? columns_of(*kinds.begin()) : std::span<const KindColumn>(),
            .now = std::chrono::duration_cast<std::chrono::seconds>(now).count()};
  }

  int list(const ObjectNames& names, std::vector<api::Object>& objects) const {
    auto response = call_api<api::ListResponse>(control_, "List", request_for(names));
    if (!response) return complain(control_, response.error());
    objects.assign(response->objects().begin(), response->objects().end());
    if (objects.empty()) {
      std::fputs(all_ ? "no such objects\n"
                      : fmt::format("no such objects in namespace {} (-A for all)\n", namespace_).c_str(),
                 stderr);
    }
    return kExitOk;
  }

  /// All that are there, also where others are not.
  int get(const ObjectNames& names, std::vector<api::Object>& objects) const {
    int code = kExitOk;
    for (const ObjectNames::One& one : names.objects) {
      api::GetRequest request;
      mesh::write_name({one.kind, mesh::info(one.kind).namespaced ? namespace_ : "", one.name},
                       *request.mutable_name());
      auto response = call_api<api::Object>(control_, "Get", request);
      if (response) {
        objects.push_back(std::move(*response));
      } else {
        code = complain(control_, response.error());
        if (response.error().code != grpc::Code::kNotFound) break;
      }
    }
    return code;
  }

  int print(const ObjectNames& names, const std::vector<api::Object>& objects) const {
    if (output_ == "json" && (names.objects.empty() || !objects.empty())) {
      const Status printed = print_json(objects, names.objects.size() == 1);
      return printed ? kExitOk : complain(printed.error().message);
    }
    if (output_ == "yaml") print_yaml(objects);
    if (output_ == "name") {
      for (const api::Object& object : objects) std::puts(shown(object.name()).c_str());
    }
    if (output_ == "table" && !objects.empty()) Columns().print(object_rows(objects, look_of(names)));
    return kExitOk;
  }

  std::vector<std::string> words_;
  std::string namespace_, output_ = "table";
  ControlAddress control_;
  bool all_ = false, watch_ = false;
};

}  // namespace

std::unique_ptr<Command> make_get_command() { return std::make_unique<GetCommand>(); }

}  // namespace proa::cli
