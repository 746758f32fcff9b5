// proa config: what a proxy has from its control plane, where it comes from, and how it differs from what it should have.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/proa/admin_call.h"
#include "cli/proa/columns.h"
#include "cli/proa/commands.h"
#include "cli/proa/structured.h"
#include "cli/proa/unified_diff.h"
#include "cli/proa/world_files.h"
#include "mesh/explain/held_config.h"
#include "mesh/push/resource_type.h"
#include "mesh/translate/translate.h"

namespace proa::cli {
namespace {

using mesh::ComparedResource;
using mesh::HeldState;

constexpr std::pair<const char*, std::string_view> kTypes[] = {{"cluster", mesh::kClusterType},
                                                               {"endpoints", mesh::kEndpointsType},
                                                               {"listener", mesh::kListenerType},
                                                               {"routes", mesh::kRoutesType},
                                                               {"secret", mesh::kSecretType}};

std::string type_name(const std::string& type) {
  for (const auto& [name, url] : kTypes) {
    if (url == type) return name;
  }
  return type;
}

bool wrong(const ComparedResource& each) {
  return !each.held.error.empty() || each.state == HeldState::differs || each.state == HeldState::missing ||
         each.state == HeldState::unexpected;
}

std::string state_of(const ComparedResource& each) {
  return each.held.error.empty() ? std::string(name_of(each.state)) : "refused";
}

/// What names come from may be anywhere: nothing of it moves the cursor.
std::string printable(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return text;
}

class ConfigCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app =
        program.add_subcommand("config", "tell what a proxy has, from which objects, and what it should have");
    app->add_option("proxy", proxy_, "its admin, an address or the path of a Unix socket (127.0.0.1:15000)")
        ->option_text("[ADDRESS]");
    add_world_options(*app, files_, false);
    app->add_option("--type", type_, "only cluster, endpoints, listener, routes or secret")
        ->check(CLI::IsMember({"cluster", "endpoints", "listener", "routes", "secret"}))
        ->option_text("TYPE");
    app->add_option("--name", name_, "only those with this in their name")->option_text("TEXT");
    app->add_flag("--diff", diff_, "print each resource that differs from what --config makes, as diff -u does")
        ->needs("--config");
    add_output_option(*app, output_);
    app->footer(examples({"proa config#of the sidecar on this host",
                          "proa config 10.0.0.7:15000 --type listener -o yaml#with all that is in them",
                          "proa config --config mesh/#which objects made it, and is it what they say now?",
                          "proa config --config mesh/ --diff --name reviews"}) +
                "\n\nExits with 1 when the proxy refuses something, or has not what --config makes.");
    return app;
  }

  int run() override {
    auto dump = ask_admin(proxy_, "/config_dump?include_eds");
    if (!dump) return complain(dump.error().message);
    auto held = mesh::read_config_dump(*dump);
    if (!held) return complain(fmt::format("{}: {}", proxy_, held.error().message));
    auto compared = compared_with_files(*held);
    if (!compared) return complain(compared.error().message);
    const bool bad = std::ranges::any_of(*compared, wrong);
    std::erase_if(*compared, [this](const ComparedResource& each) {
      return (!type_.empty() && type_name(each.held.type) != type_) || each.held.name.find(name_) == std::string::npos;
    });
    if (diff_) {
      print_diffs(*compared);
    } else if (output_ != "table") {
      if (Status printed = print_structured("resources", json_of(*compared), output_); !printed) {
        return complain(printed.error().message);
      }
    } else {
      print_table(*compared);
    }
    return bad ? kExitFailed : kExitOk;
  }

 private:
  Result<std::vector<ComparedResource>> compared_with_files(const mesh::HeldConfig& held) const {
    std::vector<ComparedResource> out;
    if (files_.config.empty()) {
      for (const auto& each : held.resources) out.push_back({.held = each});
      return out;
    }
    auto world = read_world(files_);
    if (!world) return std::unexpected(world.error());
    auto node = mesh::proxy_node(held.node);
    if (!node) return fail(fmt::format("{}: {}", proxy_, node.error().message));
    return mesh::compare(held, mesh::translate(**world, *node));
  }

  static void print_table(const std::vector<ComparedResource>& all) {
    std::vector<std::vector<std::string>> rows{{"TYPE", "NAME", "VERSION", "STATE", "FROM"}};
    for (const auto& each : all) {
      const std::string origin = each.origin.object.empty() ? "-" : mesh::shown(each.origin);
      rows.push_back({type_name(each.held.type), printable(each.held.name),
                      each.held.version.empty() ? "-" : printable(each.held.version), state_of(each), origin});
    }
    Columns().print(rows);
    for (const auto& each : all) {
      if (each.held.error.empty()) continue;
      std::puts(fmt::format("\n{} {} is refused: {}", type_name(each.held.type), printable(each.held.name),
                            printable(each.held.error))
                    .c_str());
    }
  }

  static void print_diffs(const std::vector<ComparedResource>& all) {
    for (const auto& each : all) {
      const std::string name = fmt::format("{} {}", type_name(each.held.type), printable(each.held.name));
      if (each.state == HeldState::differs) {
        std::fputs(unified_diff(each.has, each.wants, name + " (has)", name + " (should have)").c_str(), stdout);
      } else if (wrong(each)) {
        std::puts(fmt::format("{}: {}", name, state_of(each)).c_str());
      }
    }
  }

  static nlohmann::ordered_json json_of(const std::vector<ComparedResource>& all) {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const auto& each : all) {
      nlohmann::ordered_json entry{{"type", type_name(each.held.type)},
                                   {"name", each.held.name},
                                   {"version", each.held.version},
                                   {"state", state_of(each)}};
      if (!each.held.error.empty()) entry["error"] = each.held.error;
      if (!each.origin.object.empty()) {
        entry["origin"] = {{"object", each.origin.object},
                           {"file", each.origin.file},
                           {"line", each.origin.line},
                           {"column", each.origin.column}};
      }
      if (!each.held.json.empty()) entry["resource"] = nlohmann::ordered_json::parse(each.held.json);
      out.push_back(std::move(entry));
    }
    return out;
  }

  WorldFiles files_;
  std::string proxy_ = "127.0.0.1:15000", type_, name_, output_ = "table";
  bool diff_ = false;
};

}  // namespace

std::unique_ptr<Command> make_config_command() { return std::make_unique<ConfigCommand>(); }

}  // namespace proa::cli
