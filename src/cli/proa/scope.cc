// proa scope: which services workloads know and which they call, and the Sidecar objects that leave them those.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/proa/admin_call.h"
#include "cli/proa/call_sources.h"
#include "cli/proa/columns.h"
#include "cli/proa/commands.h"
#include "cli/proa/structured.h"
#include "mesh/explain/service_use.h"

namespace proa::cli {
namespace {

using mesh::ServiceUse;

struct WorkloadUse {
  std::string proxy;
  envoy::config::core::v3::Node node;
  std::vector<ServiceUse> services;

  auto called() const { return std::ranges::count_if(services, &ServiceUse::called); }
};

Result<WorkloadUse> use_of(const std::string& proxy) {
  auto dump = ask_admin(proxy, "/config_dump");
  if (!dump) return std::unexpected(dump.error());
  auto stats = ask_admin(proxy, "/stats/prometheus");
  if (!stats) return std::unexpected(stats.error());
  auto held = mesh::read_config_dump(*dump);
  if (!held) return fail(fmt::format("{}: {}", proxy, held.error().message));
  auto services = mesh::service_use(*held, *stats);
  if (!services) return fail(fmt::format("{}: {}", proxy, services.error().message));
  return WorkloadUse{proxy, std::move(held->node), std::move(*services)};
}

class ScopeCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("scope", "show which services workloads know, and which they call");
    add_proxy_words(*app, proxies_);
    app->add_flag("--write", write_, "print the Sidecar object of each that leaves it the services that it has called");
    app->add_flag("--services", list_, "list the services, too");
    add_output_option(*app, output_);
    app->footer(examples(
        {"proa scope#of the sidecar on this host", "proa scope --services /run/proa/*/admin.sock",
         "proa scope --write > mesh/scope-cart.yaml#then look at it: what it calls once a month is not there"}));
    return app;
  }

  int run() override {
    if (proxies_.empty()) proxies_ = {"127.0.0.1:15000"};
    std::vector<WorkloadUse> all;
    for (const std::string& proxy : proxies_) {
      auto use = use_of(proxy);
      if (!use) return complain(use.error().message);
      all.push_back(std::move(*use));
    }
    if (write_) return write(all);
    if (output_ == "table") {
      print(all);
    } else if (Status printed = print_structured("workloads", json_of(all), output_); !printed) {
      return complain(printed.error().message);
    }
    return kExitOk;
  }

 private:
  static int write(const std::vector<WorkloadUse>& all) {
    // Replicas have one Sidecar: what any of them has called. Its object without services tells which belong together.
    std::map<std::string, WorkloadUse> merged;
    for (const WorkloadUse& each : all) {
      const std::string whose = mesh::sidecar_object(each.node, {});
      if (whose.empty()) {
        return complain(fmt::format("{}: its node has no namespace, or no label to select it by", each.proxy));
      }
      const auto [to, added] = merged.try_emplace(whose, each);
      if (!added) merge(to->second.services, each.services);
    }
    std::string out;
    for (const auto& [whose, use] : merged)
      out += (out.empty() ? "" : "---\n") + mesh::sidecar_object(use.node, use.services);
    std::fputs(out.c_str(), stdout);
    return kExitOk;
  }

  static void merge(std::vector<ServiceUse>& to, const std::vector<ServiceUse>& more) {
    for (const ServiceUse& each : more) {
      const auto found = std::ranges::find(to, each.host, &ServiceUse::host);
      if (found == to.end()) {
        to.push_back(each);
      } else {
        found->connections += each.connections;
      }
    }
    std::ranges::sort(to, {}, &ServiceUse::host);
  }

  void print(const std::vector<WorkloadUse>& all) const {
    Rows rows{{"WORKLOAD", "KNOWS", "CALLS"}};
    if (list_) rows.front().push_back("SERVICE");
    for (const WorkloadUse& each : all) {
      rows.push_back({each.node.id(), std::to_string(each.services.size()), std::to_string(each.called())});
      if (!list_) continue;
      rows.back().emplace_back("");
      for (const ServiceUse& service : each.services) {
        rows.push_back({"", "", service.called() ? "yes" : "no", service.host});
      }
    }
    Columns().print(rows);
  }

  static nlohmann::ordered_json json_of(const std::vector<WorkloadUse>& all) {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const WorkloadUse& each : all) {
      nlohmann::ordered_json services = nlohmann::ordered_json::array();
      for (const ServiceUse& service : each.services) {
        services.push_back({{"host", service.host}, {"namespace", service.ns}, {"connections", service.connections}});
      }
      out.push_back({{"proxy", each.proxy},
                     {"node", each.node.id()},
                     {"knows", each.services.size()},
                     {"calls", each.called()},
                     {"services", std::move(services)}});
    }
    return out;
  }

  std::vector<std::string> proxies_;
  bool write_ = false, list_ = false;
  std::string output_ = "table";
};

}  // namespace

std::unique_ptr<Command> make_scope_command() { return std::make_unique<ScopeCommand>(); }

}  // namespace proa::cli
