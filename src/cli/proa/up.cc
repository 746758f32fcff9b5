// proa up: a control plane and a gateway on this machine, from a folder of objects.
#include <fmt/format.h>
#include <sys/wait.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/log.h"
#include "cli/proa/commands.h"
#include "cli/proa/control_authority.h"
#include "cli/signals.h"
#include "mesh/agent/child_process.h"
#include "mesh/ca/authority.h"
#include "mesh/ca/join_tokens.h"
#include "net/private_file.h"

namespace proa::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kTokenLife{1};

std::string default_state() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state && *state) return std::string(state) + "/proa";
  const char* home = std::getenv("HOME");
  return std::string(home && *home ? home : ".") + "/.local/state/proa";
}

struct UpOptions {
  std::string folder, mesh_config, state = default_state();
  std::string xds = "127.0.0.1:15010", secure_xds = "127.0.0.1:15012";
  std::string name_space = "istio-system";
  std::vector<std::string> labels{"istio=ingressgateway"};
  std::vector<std::string> control_arguments, gateway_arguments;
};

/// Both programs, from the first to the last end.
class Mesh {
 public:
  explicit Mesh(const UpOptions& options) : options_(options) {}

  int run() {
    auto signals = SignalEvents::make(loop_, [this](int signal) { on_signal(signal); });
    if (!signals) return complain(signals.error().message);
    if (Status prepared = prepare(); !prepared) return complain(prepared.error().message);
    if (Status started = start(); !started) {
      complain(started.error().message);
      failed_ = true;
      stop();
    }
    if (running()) loop_.run();
    return failed_ ? kExitFailed : kExitOk;
  }

 private:
  struct Child {
    const char* name;
    pid_t pid = 0;
  };

  std::string ca() const { return options_.state + "/ca"; }
  std::string root() const { return ca() + "/root-cert.pem"; }
  std::string token() const { return options_.state + "/gateway.token"; }
  bool running() const { return control_.pid > 0 || gateway_.pid > 0; }

  /// The authority first, since the gateway must know its root; a token each time, since one is good once.
  Status prepare() {
    std::error_code error;
    fs::create_directories(options_.state, error);
    if (error) return fail(fmt::format("{}: {}", options_.state, error.message()));
    fs::permissions(options_.state, fs::perms::owner_all, error);
    const WallTime now = std::chrono::system_clock::now();
    if (auto authority = mesh::Authority::open({.directory = ca()}, now); !authority) {
      return std::unexpected(authority.error());
    }
    const mesh::SpiffeId id{"cluster.local", options_.name_space, "gateway"};
    auto made = mesh::JoinTokens(token_folder(ca())).create(id, kTokenLife, now);
    if (!made) return std::unexpected(made.error());
    return net::write_file(token(), *made, 0600);
  }

  Status start() {
    std::vector<std::string> control = {
        "/proc/self/exe", "control",    "--config",     options_.folder,    "--ca", ca(),
        "--xds",          options_.xds, "--secure-xds", options_.secure_xds};
    if (!options_.mesh_config.empty()) control.insert(control.end(), {"--mesh-config", options_.mesh_config});
    control.insert(control.end(), options_.control_arguments.begin(), options_.control_arguments.end());
    std::vector<std::string> gateway = {
        "/proc/self/exe", "sidecar", "run",          "--gateway", "--control",       options_.secure_xds,
        "--root",         root(),    "--token-file", token(),     "--identity-file", options_.state + "/gateway.pem",
        "--interception", "NONE"};
    for (const std::string& label : options_.labels) gateway.insert(gateway.end(), {"--label", label});
    gateway.insert(gateway.end(), options_.gateway_arguments.begin(), options_.gateway_arguments.end());
    for (auto& [child, command] :
         {std::pair<Child&, std::vector<std::string>&>{control_, control}, {gateway_, gateway}}) {
      auto pid = mesh::start_process({.command = command});
      if (!pid) return fail(fmt::format("{}: {}", child.name, pid.error().why));
      child.pid = *pid;
    }
    std::puts(
        fmt::format("The control plane serves {} at {}, and a gateway what its Gateway objects say.\n"
                    "A workload joins so:\n"
                    "  proa token --ca {} --namespace shop --service-account cart > cart.token\n"
                    "  proa sidecar run --control {} --root {} --token-file cart.token --label app=cart -- ./cart\n"
                    "Ctrl-C ends both.",
                    options_.folder, options_.secure_xds, ca(), options_.secure_xds, root())
            .c_str());
    std::fflush(stdout);
    return {};
  }

  void on_signal(int signal) {
    if (signal == SIGCHLD) return reap();
    if (signal == SIGTERM || signal == SIGINT) stop();
  }

  /// The gateway first: it drains while the control plane is there.
  void stop() {
    stopping_ = true;
    if (gateway_.pid > 0) {
      ::kill(gateway_.pid, SIGTERM);
    } else if (control_.pid > 0) {
      ::kill(control_.pid, SIGTERM);
    } else {
      loop_.stop();
    }
  }

  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      Child& child = pid == gateway_.pid ? gateway_ : control_;
      if (pid != child.pid) continue;
      child.pid = 0;
      if (!stopping_) {
        complain(fmt::format("{} has ended with {}", child.name, mesh::end_of(status)));
        failed_ = true;
      }
      stop();
    }
  }

  const UpOptions& options_;
  net::Loop loop_;
  Child control_{"the control plane"}, gateway_{"the gateway"};
  bool stopping_ = false, failed_ = false;
};

class UpCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("up", "run a control plane and a gateway on this machine");
    app->add_option("folder", options_.folder, "with objects of Istio, Kubernetes and the Gateway API; watched")
        ->required()
        ->check(CLI::ExistingPath)
        ->option_text("DIR");
    app->add_option("--mesh-config", options_.mesh_config, "a file with the MeshConfig")->option_text("FILE");
    app->add_option("--state", options_.state,
                    "folder for the authority and the gateway's identity (~/.local/state/proa)")
        ->option_text("DIR");
    app->add_option("--xds", options_.xds, "where commands ask the control plane (127.0.0.1:15010)")
        ->option_text("ADDRESS");
    app->add_option("--secure-xds", options_.secure_xds, "where proxies do (127.0.0.1:15012)")
        ->option_text("HOST:PORT");
    app->add_option("--namespace", options_.name_space, "of the gateway (istio-system)")->option_text("NAME");
    app->add_option("--label", options_.labels, "by which Gateway objects select it (istio=ingressgateway)")
        ->allow_extra_args(false)
        ->option_text("NAME=VALUE ...");
    app->add_option("--control-arg", options_.control_arguments, "one more argument of proa control")
        ->allow_extra_args(false)
        ->option_text("TEXT ...");
    app->add_option("--gateway-arg", options_.gateway_arguments, "one more argument of proa sidecar run")
        ->allow_extra_args(false)
        ->option_text("TEXT ...");
    app->footer(examples({"proa up mesh/", "proa up mesh/ --mesh-config mesh.yaml --state /var/lib/proa",
                          "proa up mesh/ --gateway-arg=--log-level --gateway-arg=debug"}) +
                "\n\nExits with 1 when one of both ends by itself; the other is ended then, too.");
    return app;
  }

  int run() override { return Mesh(options_).run(); }

 private:
  UpOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_up_command() { return std::make_unique<UpCommand>(); }

}  // namespace proa::cli
