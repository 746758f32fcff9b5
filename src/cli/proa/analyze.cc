// proa analyze: reads files of objects, offline, and tells what is wrong with each and among them.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <tuple>

#include "cli/proa/commands.h"
#include "mesh/model/analyze.h"
#include "mesh/model/world_feed.h"
#include "mesh/source/folder_source.h"
#include "net/loop.h"

namespace proa::cli {
namespace {

using mesh::Finding;
using mesh::Level;

std::string line_of(const Finding& finding) {
  std::string out = finding.origin.file;
  if (finding.origin.line != 0) out += fmt::format(":{}", finding.origin.line);
  if (finding.origin.column != 0) out += fmt::format(":{}", finding.origin.column);
  out += fmt::format(": {} [{}] ", name_of(finding.level), finding.code);
  if (!finding.origin.object.empty()) out += finding.origin.object + ": ";
  if (!finding.path.empty()) out += finding.path + ": ";
  out += finding.what;
  if (!finding.fix.empty()) out += "; " + finding.fix;
  return out;
}

nlohmann::ordered_json json_of(const Finding& finding) {
  return {{"code", finding.code},
          {"name", finding.name},
          {"level", name_of(finding.level)},
          {"object", finding.origin.object},
          {"file", finding.origin.file},
          {"line", finding.origin.line},
          {"column", finding.origin.column},
          {"path", finding.path},
          {"message", finding.what},
          {"fix", finding.fix}};
}

class AnalyzeCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("analyze", "tell what is wrong with files of objects");
    app->add_option("files", files_, "files and folders with objects of Istio, Kubernetes and the Gateway API")
        ->required()
        ->option_text("FILES");
    app->add_option("--mesh-config", mesh_config_, "a file with the MeshConfig")->option_text("FILE");
    app->add_option("--domain", domain_, "the cluster's DNS domain (cluster.local)")->option_text("NAME");
    app->add_option("-o,--output", output_, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->option_text("FORMAT");
    app->footer(examples({"proa analyze mesh/", "proa analyze --mesh-config mesh.yaml a.yaml b.yaml",
                          "proa analyze -o json mesh/#for scripts"}) +
                "\n\nExits with 1 when there is an error; warnings do not count.");
    return app;
  }

  int run() override {
    net::Loop loop;
    std::vector<std::unique_ptr<mesh::Source>> sources;
    const auto add = [&](const std::string& path, std::optional<mesh::Kind> implied) {
      sources.push_back(
          std::make_unique<mesh::FolderSource>(loop, mesh::FolderSource::Options{.path = path, .implied = implied}));
    };
    for (const std::string& file : files_) add(file, std::nullopt);
    if (!mesh_config_.empty()) add(mesh_config_, mesh::Kind::mesh_config);
    mesh::WorldFeed feed(std::move(sources), domain_);
    const Status started = feed.start([](const mesh::WorldChange&) {});
    if (!started) return complain(started.error().message);

    std::vector<Finding> findings = analyze(*feed.world());
    for (const config::Problem& problem : feed.problems()) findings.push_back(mesh::finding_of(problem));
    std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
      return std::tie(a.origin.file, a.origin.line) < std::tie(b.origin.file, b.origin.line);
    });
    const auto errors = std::ranges::count(findings, Level::error, &Finding::level);
    if (output_ == "json") {
      nlohmann::ordered_json json = nlohmann::ordered_json::array();
      for (const Finding& finding : findings) json.push_back(json_of(finding));
      std::puts(json.dump(2).c_str());
    } else {
      print(findings, feed.world()->object_count());
    }
    return errors == 0 ? kExitOk : kExitFailed;
  }

 private:
  static void print(const std::vector<Finding>& findings, std::size_t objects) {
    for (const Finding& finding : findings) std::puts(line_of(finding).c_str());
    const auto count = [&](Level level) { return std::ranges::count(findings, level, &Finding::level); };
    std::puts(fmt::format("{} objects: {} errors, {} warnings, {} notes", objects, count(Level::error),
                          count(Level::warning), count(Level::info))
                  .c_str());
  }

  std::vector<std::string> files_;
  std::string mesh_config_;
  std::string domain_ = "cluster.local";
  std::string output_ = "text";
};

}  // namespace

std::unique_ptr<Command> make_analyze_command() { return std::make_unique<AnalyzeCommand>(); }

}  // namespace proa::cli
