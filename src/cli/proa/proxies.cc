// proa proxies: which proxies are connected to the control plane, and whether they have taken what it says.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "base/result.h"
#include "cli/proa/columns.h"
#include "cli/proa/commands.h"
#include "cli/proa/control_call.h"
#include "cli/proa/structured.h"
#include "envoy/service/status/v3/csds.pb.h"

namespace proa::cli {
namespace {

namespace csds = envoy::service::status::v3;
using Json = nlohmann::ordered_json;

Result<csds::ClientStatusResponse> ask(const std::string& at) {
  auto bytes = ask_control({.at = at}, "/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus", {});
  if (!bytes) {
    const bool named = bytes.error().code == grpc::Code::kUnavailable;
    return fail(named ? bytes.error().message : fmt::format("{}: {}", at, bytes.error().message));
  }
  csds::ClientStatusResponse out;
  if (!out.ParseFromString(*bytes)) return fail(at + ": the answer is no ClientStatusResponse");
  return out;
}

std::string last_part(const std::string& type_url) { return type_url.substr(type_url.rfind('.') + 1); }

struct Count {
  size_t synced = 0, waiting = 0, refused = 0, missing = 0;
  std::string text() const {
    if (synced + waiting + refused + missing == 0) return "-";
    std::string out = refused   ? fmt::format("REFUSED {}", refused)
                      : waiting ? fmt::format("WAITING {}", waiting)
                                : "SYNCED";
    out += fmt::format(" ({})", synced + waiting + refused);
    return missing ? out + fmt::format(", {} missing", missing) : out;
  }
};

Count count(const csds::ClientConfig& config, std::string_view type) {
  Count out;
  for (const auto& resource : config.generic_xds_configs()) {
    if (last_part(resource.type_url()) != type) continue;
    switch (resource.config_status()) {
      case csds::SYNCED: ++out.synced; break;
      case csds::ERROR: ++out.refused; break;
      case csds::NOT_SENT: ++out.missing; break;
      default: ++out.waiting;
    }
  }
  return out;
}

// A proxy may have named itself with anything: nothing of it moves the cursor.
std::string shown(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

void print_table(const csds::ClientStatusResponse& response) {
  constexpr std::pair<const char*, const char*> kColumns[] = {{"CLUSTERS", "Cluster"},
                                                              {"ENDPOINTS", "ClusterLoadAssignment"},
                                                              {"LISTENERS", "Listener"},
                                                              {"ROUTES", "RouteConfiguration"},
                                                              {"SECRETS", "Secret"}};
  std::vector<std::vector<std::string>> rows{{"PROXY"}};
  for (const auto& [title, type] : kColumns) rows.front().push_back(title);
  for (const csds::ClientConfig& config : response.config()) {
    auto& row = rows.emplace_back();
    row.push_back(shown(config.node().id()));
    for (const auto& [title, type] : kColumns) row.push_back(count(config, type).text());
  }
  Columns().print(rows);
  for (const csds::ClientConfig& config : response.config()) {
    for (const auto& resource : config.generic_xds_configs()) {
      if (resource.config_status() != csds::ERROR) continue;
      std::puts(fmt::format("\n{} refuses {} {}: {}", shown(config.node().id()), last_part(resource.type_url()),
                            shown(resource.name()), shown(resource.error_state().details()))
                    .c_str());
    }
  }
}

Json json_of(const csds::ClientStatusResponse& response) {
  Json out = Json::array();
  for (const csds::ClientConfig& config : response.config()) {
    Json resources = Json::array();
    for (const auto& resource : config.generic_xds_configs()) {
      Json each{{"type", resource.type_url()},
                {"name", resource.name()},
                {"version", resource.version_info()},
                {"status", csds::ConfigStatus_Name(resource.config_status())}};
      if (resource.has_error_state()) each["error"] = resource.error_state().details();
      resources.push_back(std::move(each));
    }
    out.push_back(
        {{"id", config.node().id()}, {"cluster", config.node().cluster()}, {"resources", std::move(resources)}});
  }
  return out;
}

class ProxiesCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("proxies", "list the proxies of a control plane, and what they have taken");
    app->add_option("--control", control_, "address of its --xds, or the path of a Unix socket (127.0.0.1:15010)")
        ->option_text("ADDRESS");
    add_output_option(*app, output_);
    app->footer(examples({"proa proxies", "proa proxies --control /run/proa/xds -o json#for scripts"}));
    return app;
  }

  int run() override {
    auto response = ask(control_);
    if (!response) return complain(response.error().message);
    if (output_ == "table") {
      print_table(*response);
      return kExitOk;
    }
    const Status printed = print_structured("proxies", json_of(*response), output_);
    return printed ? kExitOk : complain(printed.error().message);
  }

 private:
  std::string control_ = "127.0.0.1:15010";
  std::string output_ = "table";
};

}  // namespace

std::unique_ptr<Command> make_proxies_command() { return std::make_unique<ProxiesCommand>(); }

}  // namespace proa::cli
