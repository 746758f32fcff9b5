// proa explain: the way of a request from one workload to another, by the objects in files.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/proa/commands.h"
#include "cli/proa/journey_print.h"
#include "cli/proa/structured.h"
#include "cli/proa/world_files.h"

namespace proa::cli {
namespace {

class ExplainCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("explain", "tell where a request would go, and why");
    add_world_options(*app, files_);
    app->add_option("--from", question_.from, "who asks: a workload, account, app label or service")
        ->required()
        ->option_text("NAMESPACE/NAME");
    app->add_option("--to", question_.to, "whom: http, https, grpc or tcp; a short name is of the caller's namespace")
        ->required()
        ->option_text("[SCHEME://]HOST[:PORT][/PATH]");
    app->add_option("--label", labels_, "of a caller that no object describes; its account is NAME")
        ->allow_extra_args(false)
        ->option_text("NAME=VALUE ...");
    app->add_flag("--gateway", question_.gateway, "--from is a gateway, and --to what a client outside asks it for");
    app->add_option("-X,--method", question_.method, "GET unless given")->option_text("METHOD");
    app->add_option("--path", question_.path, "over that of --to")->option_text("PATH");
    app->add_option("-H,--header", headers_, "of the request; Host: is over that of --to")
        ->allow_extra_args(false)
        ->option_text("NAME:VALUE ...");
    app->add_option("--principal", question_.principal,
                    "who the caller is instead, such as spiffe://cluster.local/ns/a/sa/b")
        ->option_text("URI");
    app->add_option("--endpoint", question_.endpoint, "go on at this one, not at the first that is healthy")
        ->option_text("ADDRESS");
    app->add_option("--random", question_.random, "what weights and fractions are chosen by (0)")->option_text("N");
    app->add_option("-o,--output", output_, "text, json or yaml")
        ->check(CLI::IsMember({"text", "json", "yaml"}))
        ->option_text("FORMAT");
    app->footer(
        examples({"proa explain --config mesh/ --from shop/cart --to http://reviews:9080/reviews/1",
                  "proa explain --config mesh/ --from shop/cart --to grpc://ratings.shop:9090 -H x-user:ada -X POST",
                  "proa explain --config mesh/ --from edge/ingress --label istio=ingressgateway --gateway --to "
                  "https://shop.example.com/",
                  "proa explain --config mesh/ --from shop/cart --to tcp://db:5432 -o json#for scripts"}) +
        "\n\nExits with 1 when the request does not arrive.");
    return app;
  }

  int run() override {
    for (const std::string& header : headers_) {
      if (Status read = read_header(header); !read) {
        complain(read.error().message);
        return kExitUsage;
      }
    }
    for (const std::string& label : labels_) {
      const std::size_t equals = label.find('=');
      if (equals == 0 || equals == std::string::npos) {
        complain(fmt::format("--label {} is not NAME=VALUE", label));
        return kExitUsage;
      }
      question_.labels[label.substr(0, equals)] = label.substr(equals + 1);
    }
    auto world = read_world(files_);
    if (!world) return complain(world.error().message);
    auto journey = mesh::journey(**world, question_);
    if (!journey) return complain(journey.error().message);
    if (output_ == "text") {
      std::fputs(journey_text(*journey).c_str(), stdout);
    } else if (Status printed = print_structured("journey", journey_json(*journey), output_); !printed) {
      return complain(printed.error().message);
    }
    return journey->arrives ? kExitOk : kExitFailed;
  }

 private:
  Status read_header(const std::string& text) {
    const std::size_t colon = text.find(':');
    if (colon == 0 || colon == std::string::npos) return fail(fmt::format("--header {} is not NAME:VALUE", text));
    std::string name = text.substr(0, colon);
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const std::size_t value = std::min(text.find_first_not_of(' ', colon + 1), text.size());
    question_.headers.emplace_back(std::move(name), text.substr(value));
    return {};
  }

  WorldFiles files_;
  mesh::JourneyQuestion question_;
  std::vector<std::string> headers_, labels_;
  std::string output_ = "text";
};

}  // namespace

std::unique_ptr<Command> make_explain_command() { return std::make_unique<ExplainCommand>(); }

}  // namespace proa::cli
