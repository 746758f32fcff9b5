#include "cli/proa/structured.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "config/write_yaml.h"

namespace proa::cli {

void add_output_option(CLI::App& app, std::string& output) {
  app.add_option("-o,--output", output, "table, json or yaml")
      ->check(CLI::IsMember({"table", "json", "yaml"}))
      ->option_text("FORMAT");
}

Status print_structured(const std::string& name, const nlohmann::ordered_json& list, const std::string& output) {
  const std::string text = list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  if (output == "json") {
    std::puts(text.c_str());
    return {};
  }
  config::Problems problems;
  const auto tree = config::read_json(text, name, problems);
  if (!tree) return fail(problems.str());
  config::YamlWriter writer;
  writer.entry(0, name, tree->root());
  std::fputs(writer.take().c_str(), stdout);
  return {};
}

}  // namespace proa::cli
