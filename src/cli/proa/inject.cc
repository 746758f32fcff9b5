// proa inject: Kubernetes objects with a sidecar in their pods.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>

#include "cli/proa/commands.h"
#include "cli/proa/object_files.h"
#include "mesh/inject/inject.h"

namespace proa::cli {
namespace {

class InjectCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("inject", "print Kubernetes objects with a sidecar in their pods");
    app->add_option("-f,--filename", files_, "YAML files, folders, or - for standard input")
        ->required()
        ->allow_extra_args(false)
        ->option_text("FILE ...");
    app->add_flag("-R,--recursive", recursive_, "folders in folders, too");
    app->add_option("--image", options_.image, "with proa and proa-proxy in its PATH")
        ->required()
        ->option_text("IMAGE");
    app->add_option("--control", options_.control, "the control plane (istiod.istio-system.svc:15012)")
        ->option_text("HOST:PORT");
    app->add_option("--root-config-map", options_.root_config_map,
                    "ConfigMap of the pods' namespace with root-cert.pem (istio-ca-root-cert)")
        ->option_text("NAME");
    app->add_option("--token-audience", options_.token_audience, "of the pods' tokens (istio-ca)")->option_text("NAME");
    app->add_option("--domain", options_.domain, "DNS domain of the mesh's services (cluster.local)")
        ->option_text("NAME");
    app->add_option("--cluster-id", options_.cluster_id, "the cluster's name in the mesh (Kubernetes)")
        ->option_text("NAME");
    app->footer(
        examples({"proa inject -f cart.yaml --image registry.example/proa:0.1 | kubectl apply -f -",
                  "kubectl get deployment cart -o yaml | proa inject -f - --image proa:0.1 | kubectl apply -f -",
                  "proa inject -f manifests/ -R --image proa:0.1 > meshed.yaml"}) +
        "\n\nWhat has a sidecar stays as it is, and so does every other line. Notes go to stderr.");
    return app;
  }

  int run() override {
    auto files = read_object_files(files_, recursive_);
    if (!files) return complain(files.error().message);
    std::string out;
    for (const ObjectFile& file : *files) {
      auto injected = mesh::inject(file.text, file.name, options_);
      if (!injected) return complain(injected.error().message);
      for (const std::string& note : injected->notes) std::fputs((note + "\n").c_str(), stderr);
      if (!out.empty()) out += out.ends_with('\n') ? "---\n" : "\n---\n";
      out += injected->text;
    }
    std::fputs(out.c_str(), stdout);
    return kExitOk;
  }

 private:
  std::vector<std::string> files_;
  bool recursive_ = false;
  mesh::InjectOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_inject_command() { return std::make_unique<InjectCommand>(); }

}  // namespace proa::cli
