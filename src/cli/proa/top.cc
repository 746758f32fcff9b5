// proa top: the services of the mesh by what they do now.
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/proa/call_sources.h"
#include "cli/proa/columns.h"
#include "cli/proa/commands.h"
#include "cli/proa/structured.h"

namespace proa::cli {
namespace {

using mesh::Counted;

struct ServiceLoad {
  std::string service;
  Counted counted;
};

/// The busiest first.
std::vector<ServiceLoad> by_service(const mesh::Calls& calls) {
  std::map<std::string, Counted> sums;
  for (const auto& [call, count] : calls) sums[call.service] += count.best();
  std::vector<ServiceLoad> out;
  for (auto& [service, counted] : sums) out.push_back({service, std::move(counted)});
  std::ranges::stable_sort(out, std::greater<>(), [](const ServiceLoad& each) { return each.counted.requests; });
  return out;
}

class TopCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("top", "show the services by what they do now, again and again");
    add_proxy_words(*app, proxies_);
    app->add_option("--seconds", seconds_, "between two looks (2)")->check(CLI::PositiveNumber)->option_text("N");
    app->add_flag("--once", once_, "look once");
    add_output_option(*app, output_);
    app->footer(examples({"proa top#of the sidecar on this host", "proa top --seconds 5 /run/proa/*/admin.sock",
                          "proa top --once -o json 10.0.0.1:15000#for scripts"}) +
                "\n\nJSON and YAML are of one look.");
    return app;
  }

  int run() override {
    auto before = count_calls(proxies_);
    if (!before) return complain(before.error().message);
    while (true) {
      ::usleep(static_cast<useconds_t>(seconds_ * 1e6));
      auto now = count_calls(proxies_);
      if (!now) return complain(now.error().message);
      const auto loads = by_service(since(*now, *before));
      before = std::move(now);
      if (output_ != "table") {
        const Status printed = print_structured("services", json_of(loads), output_);
        return printed ? kExitOk : complain(printed.error().message);
      }
      if (!once_ && ::isatty(STDOUT_FILENO) == 1) std::fputs("\033[H\033[2J", stdout);
      print(loads);
      if (once_) return kExitOk;
    }
  }

 private:
  void print(const std::vector<ServiceLoad>& loads) const {
    Rows rows{{"SERVICE", "REQUESTS/S", "ERRORS %", "P50 MS", "P99 MS", "CONNECTIONS/S"}};
    for (const auto& [service, counted] : loads) {
      const double errors = counted.requests == 0 ? 0 : 100 * counted.errors / counted.requests;
      rows.push_back({service, fmt::format("{:.1f}", counted.requests / seconds_), fmt::format("{:.1f}", errors),
                      fmt::format("{:g}", counted.percentile_ms(0.5)), fmt::format("{:g}", counted.percentile_ms(0.99)),
                      fmt::format("{:.1f}", counted.connections / seconds_)});
    }
    Columns().print(rows);
    std::fflush(stdout);
  }

  nlohmann::ordered_json json_of(const std::vector<ServiceLoad>& loads) const {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const auto& [service, counted] : loads) {
      out.push_back({{"service", service},
                     {"requestsPerSecond", counted.requests / seconds_},
                     {"errorsPerSecond", counted.errors / seconds_},
                     {"connectionsPerSecond", counted.connections / seconds_},
                     {"p50Ms", counted.percentile_ms(0.5)},
                     {"p99Ms", counted.percentile_ms(0.99)}});
    }
    return out;
  }

  std::vector<std::string> proxies_;
  double seconds_ = 2;
  bool once_ = false;
  std::string output_ = "table";
};

}  // namespace

std::unique_ptr<Command> make_top_command() { return std::make_unique<TopCommand>(); }

}  // namespace proa::cli
