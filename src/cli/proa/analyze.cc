// proa analyze: what is wrong with objects, each by itself and among each other: in files, offline, or in a control plane
// that runs.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/proa/api_client.h"
#include "cli/proa/commands.h"
#include "cli/proa/finding_print.h"
#include "cli/proa/structured.h"
#include "mesh/api/findings.h"
#include "mesh/source/folder_source.h"
#include "net/loop.h"

namespace proa::cli {
namespace {

class AnalyzeCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("analyze", "tell what is wrong with objects");
    auto* files =
        app->add_option("files", files_,
                        "files and folders with objects of Istio, Kubernetes and the Gateway API; without any "
                        "the objects of the control plane that runs");
    files->option_text("[FILES]");
    app->add_option("--mesh-config", mesh_config_, "a file with the MeshConfig")->needs(files)->option_text("FILE");
    app->add_option("--domain", domain_, "the cluster's DNS domain (cluster.local)")->needs(files)->option_text("NAME");
    app->add_option("-o,--output", output_, "text, json, yaml or sarif")
        ->check(CLI::IsMember({"text", "json", "yaml", "sarif"}))
        ->option_text("FORMAT");
    add_api_options(*app, control_);
    app->footer(
        examples({"proa analyze mesh/", "proa analyze --mesh-config mesh.yaml a.yaml b.yaml",
                  "proa analyze -o json mesh/#for scripts", "proa analyze -o sarif mesh/ > mesh.sarif#for code review",
                  "proa analyze#what runs, by proa control --store"}) +
        "\n\nExits with 1 when there is an error; warnings do not count.");
    return app;
  }

  int run() override {
    api::AnalyzeResponse found;
    if (files_.empty()) {
      auto response = call_api<api::AnalyzeResponse>(control_, "Analyze", api::AnalyzeRequest());
      if (!response) return complain(control_, response.error());
      found = std::move(*response);
    } else if (Status read = analyze_files(found); !read) {
      return complain(read.error().message);
    }
    if (Status printed = print(found); !printed) return complain(printed.error().message);
    const auto errors = std::ranges::count(found.findings(), api::Finding::ERROR, &api::Finding::level);
    return errors == 0 ? kExitOk : kExitFailed;
  }

 private:
  Status analyze_files(api::AnalyzeResponse& found) const {
    net::Loop loop;
    std::vector<std::unique_ptr<mesh::Source>> sources;
    const auto add = [&](const std::string& path, std::optional<mesh::Kind> implied) {
      sources.push_back(
          std::make_unique<mesh::FolderSource>(loop, mesh::FolderSource::Options{.path = path, .implied = implied}));
    };
    for (const std::string& file : files_) add(file, std::nullopt);
    if (!mesh_config_.empty()) add(mesh_config_, mesh::Kind::mesh_config);
    mesh::WorldFeed feed(std::move(sources), domain_);
    if (Status started = feed.start([](const mesh::WorldChange&) {}); !started) return started;
    found = mesh::findings_of(feed);
    return {};
  }

  Status print(const api::AnalyzeResponse& found) const {
    if (output_ == "text") {
      print_findings(found);
      return {};
    }
    if (output_ != "sarif") return print_structured("findings", findings_json(found), output_);
    std::puts(findings_sarif(found).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    return {};
  }

  std::vector<std::string> files_;
  std::string mesh_config_, domain_ = "cluster.local", output_ = "text";
  ControlAddress control_;
};

}  // namespace

std::unique_ptr<Command> make_analyze_command() { return std::make_unique<AnalyzeCommand>(); }

}  // namespace proa::cli
