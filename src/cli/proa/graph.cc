// proa graph: who calls whom in the mesh, by what proxies have counted.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/proa/call_sources.h"
#include "cli/proa/columns.h"
#include "cli/proa/commands.h"
#include "cli/proa/structured.h"

namespace proa::cli {
namespace {

using mesh::Call;
using mesh::Counted;

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return out + "\"";
}

std::string caller_of(const Call& call) { return call.from.ns + "/" + call.from.workload; }

const char* tls_of(const Counted& counted) {
  const double all = counted.requests + counted.connections;
  return counted.mutual == 0 ? "no" : counted.mutual >= all ? "yes" : "partly";
}

class GraphCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("graph", "show who calls whom, by what proxies have counted");
    add_proxy_words(*app, proxies_);
    app->add_option("--seconds", seconds_, "count for so long, and show rates; 0: since the proxies were started (0)")
        ->check(CLI::NonNegativeNumber)
        ->option_text("N");
    app->add_option("-o,--output", output_, "table, dot, json or yaml")
        ->check(CLI::IsMember({"table", "dot", "json", "yaml"}))
        ->option_text("FORMAT");
    app->footer(examples({"proa graph#of the sidecar on this host, since its start",
                          "proa graph --seconds 10 /run/proa/*/admin.sock#of all that have a socket there",
                          "proa graph 10.0.0.1:15000 10.0.0.2:15000 -o dot | dot -Tsvg > mesh.svg"}));
    return app;
  }

  int run() override {
    auto calls = count_calls(proxies_, seconds_);
    if (!calls) return complain(calls.error().message);
    if (output_ == "table") {
      print_table(*calls);
    } else if (output_ == "dot") {
      print_dot(*calls);
    } else if (Status printed = print_structured("calls", json_of(*calls), output_); !printed) {
      return complain(printed.error().message);
    }
    return kExitOk;
  }

 private:
  std::string amount(double count) const {
    return seconds_ == 0 ? fmt::format("{:.0f}", count) : fmt::format("{:.1f}/s", count / seconds_);
  }

  static std::string percent(const Counted& counted) {
    return counted.requests == 0 ? "-" : fmt::format("{:.1f}", 100 * counted.errors / counted.requests);
  }

  void print_table(const mesh::Calls& calls) const {
    Rows rows{{"FROM", "TO", "REQUESTS", "ERRORS %", "P50 MS", "P99 MS", "CONNECTIONS", "MTLS"}};
    for (const auto& [call, count] : calls) {
      const Counted& best = count.best();
      // Only who serves sees how a connection came; the caller's proxy does not count it.
      const Counted& secured = count.by_destination.mutual > 0 ? count.by_destination : best;
      const bool unseen = count.by_destination.requests + count.by_destination.connections == 0;
      rows.push_back({caller_of(call), call.service, amount(best.requests), percent(best),
                      fmt::format("{:g}", best.percentile_ms(0.5)), fmt::format("{:g}", best.percentile_ms(0.99)),
                      amount(best.connections), unseen ? "?" : tls_of(secured)});
    }
    Columns().print(rows);
  }

  void print_dot(const mesh::Calls& calls) const {
    std::puts("digraph mesh {\n  rankdir=LR;");
    for (const auto& [call, count] : calls) {
      const Counted& best = count.best();
      const std::string label = best.requests > 0
                                    ? fmt::format("{} ({} % errors)", amount(best.requests), percent(best))
                                    : fmt::format("{} connections", amount(best.connections));
      std::puts(fmt::format("  {} -> {} [label={}{}];", quoted(caller_of(call)), quoted(call.service), quoted(label),
                            best.errors > 0 ? ", color=red" : "")
                    .c_str());
    }
    std::puts("}");
  }

  nlohmann::ordered_json json_of(const mesh::Calls& calls) const {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const auto& [call, count] : calls) {
      const Counted& best = count.best();
      nlohmann::ordered_json each{{"from", {{"namespace", call.from.ns}, {"workload", call.from.workload}}},
                                  {"to", {{"namespace", call.ns}, {"name", call.name}, {"service", call.service}}},
                                  {"requests", best.requests},
                                  {"errors", best.errors},
                                  {"connections", best.connections},
                                  {"p50Ms", best.percentile_ms(0.5)},
                                  {"p99Ms", best.percentile_ms(0.99)}};
      if (seconds_ != 0) each["seconds"] = seconds_;
      out.push_back(std::move(each));
    }
    return out;
  }

  std::vector<std::string> proxies_;
  double seconds_ = 0;
  std::string output_ = "table";
};

}  // namespace

std::unique_ptr<Command> make_graph_command() { return std::make_unique<GraphCommand>(); }

}  // namespace proa::cli
