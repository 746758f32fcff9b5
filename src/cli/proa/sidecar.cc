// proa sidecar: the proxy beside a workload, with its identity.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>

#include "base/log.h"
#include "cli/proa/commands.h"
#include "cli/proa/sidecar_run.h"

namespace proa::cli {
namespace {

class SidecarCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("sidecar", "run a workload beside a proxy of the mesh");
    app->require_subcommand(1);
    declare_run(*app);
    declare_bootstrap(*app);
    app->footer(
        examples(
            {"proa sidecar run --control mesh:15012 --root root-cert.pem --token-file token -- ./cart",
             "proa sidecar bootstrap --control mesh:15012 --service-account cart --secret-socket /run/sds/socket"}) +
        "\n\nproa sidecar COMMAND --help tells more of each.");
    return app;
  }

  int run() override { return bootstrap_->parsed() ? print_bootstrap() : run_workload(); }

 private:
  void declare_run(CLI::App& parent) {
    CLI::App& app = *parent.add_subcommand("run",
                                           "start the proxy, then COMMAND when the mesh is ready for it; signals go to "
                                           "COMMAND, and so does its exit code");
    declare_bootstrap_options(app, options_);
    app.add_option("--root", options_.root, "PEM file of the mesh's root, to know the control plane by")
        ->required()
        ->option_text("FILE");
    app.add_option("--token-file", options_.token_file,
                   "file with a token (proa token) that proves who this is, for the first certificate")
        ->option_text("FILE");
    app.add_option("--identity-file", options_.identity_file,
                   "keep key and certificate here (mode 0600), so that a restart needs no token")
        ->option_text("FILE");
    app.add_option("--certificate-ttl-s", options_.certificate_ttl_s,
                   "life of certificates to ask for; by default what the control plane gives")
        ->check(CLI::PositiveNumber)
        ->option_text("SECONDS");
    app.add_option("--app-metrics", options_.app_metrics,
                   "where the workload has metrics of its own, for /stats/prometheus of --status")
        ->option_text("[ADDRESS:]PORT[/PATH]");
    app.add_option(
           "--run-dir", options_.run_dir,
           "folder for the socket of secrets and the proxy's configuration; by default a new one, removed at the "
           "end")
        ->option_text("DIR");
    app.add_option("--proxy", options_.proxy, "the proxy (proa-proxy beside this program, or in PATH)")
        ->option_text("PROGRAM");
    app.add_option("--proxy-arg", options_.proxy_arguments, "one more argument of the proxy")
        ->allow_extra_args(false)
        ->option_text("TEXT ...");
    app.add_option("--concurrency", options_.concurrency, "worker threads of the proxy; 0: one for each CPU (2)")
        ->option_text("N");
    app.add_option("--proxy-user", options_.proxy_user,
                   "run the proxy as this user, which redirection leaves alone (1337)")
        ->option_text("USER[:GROUP]");
    app.add_option("--user", options_.user, "run COMMAND as this user")->option_text("USER[:GROUP]");
    app.add_option("--drain-s", options_.drain_s, "how long connections may take to finish at the end (5)")
        ->check(CLI::NonNegativeNumber)
        ->option_text("SECONDS");
    app.add_option("--stop-s", options_.stop_s, "how long COMMAND has after SIGTERM before it is killed (25)")
        ->check(CLI::NonNegativeNumber)
        ->option_text("SECONDS");
    app.add_option("--start-timeout-s", options_.start_timeout_s,
                   "fail when there is no certificate or no ready proxy by then; 0: wait for ever (120)")
        ->check(CLI::NonNegativeNumber)
        ->option_text("SECONDS");
    app.add_option("-l,--log-level", options_.log_level, "trace, debug, info, warning, error, critical or off")
        ->check(CLI::IsMember({"trace", "debug", "info", "warn", "warning", "error", "critical", "off"}))
        ->option_text("LEVEL");
    app.add_option("command", options_.command, "the workload; without it the proxy runs alone, until SIGTERM")
        ->option_text("[--] COMMAND ...");
    app.footer(examples(
        {"proa sidecar run --control mesh:15012 --root root-cert.pem --token-file token --label app=cart -- ./cart",
         "proa sidecar run --control mesh:15012 --root root-cert.pem --identity-file /var/lib/proa/cart.pem -- ./cart#"
         "a certificate that is kept",
         "proa sidecar run --control mesh:15012 --root root-cert.pem --token-file token --interception NONE -- ./cart#"
         "without redirection, by listeners of a Sidecar object",
         "proa sidecar run --control mesh:15012 --root root-cert.pem --token-file token --proxy-user 1337#"
         "a proxy for what runs elsewhere on this host"}));
  }

  void declare_bootstrap(CLI::App& parent) {
    bootstrap_ = parent.add_subcommand("bootstrap", "print the configuration that the proxy is started with");
    declare_bootstrap_options(*bootstrap_, options_);
    bootstrap_->add_option("--namespace", name_space_, "namespace of the workload's identity (default)")
        ->option_text("NAME");
    bootstrap_->add_option("--service-account", account_, "account of the workload's identity")
        ->required()
        ->option_text("NAME");
    bootstrap_->add_option("--trust-domain", trust_domain_, "of the mesh (cluster.local)")->option_text("NAME");
    bootstrap_->add_option("--secret-socket", secret_socket_, "Unix socket of the agent that has the certificates")
        ->required()
        ->option_text("PATH");
    bootstrap_->footer(examples(
        {"proa sidecar bootstrap --control mesh:15012 --service-account cart --secret-socket /run/sds/socket"}));
  }

  int print_bootstrap() {
    auto bootstrap = bootstrap_of(options_, {trust_domain_, name_space_, account_});
    if (!bootstrap) return usage(bootstrap.error().message);
    bootstrap->secret_socket = secret_socket_;
    std::fputs(bootstrap->text().c_str(), stdout);
    return kExitOk;
  }

  int run_workload() {
    // Wrong options are told before anything is asked of anybody.
    if (auto checked = bootstrap_of(options_, {"cluster.local", "default", "default"}); !checked) {
      return usage(checked.error().message);
    }
    if (auto metrics = application_metrics(options_.app_metrics); !metrics) return usage(metrics.error().message);
    if (options_.token_file.empty() && options_.identity_file.empty()) {
      return usage(
          "give --token-file or --identity-file: the control plane gives nobody a certificate who proves nothing");
    }
    log::Settings settings;
    settings.level = options_.log_level;
    if (Status logs = log::configure(settings); !logs) return complain(logs.error().message);
    auto service = ServiceNotify::from_environment();
    if (!service) return complain(service.error().message);
    return run_sidecar(options_, std::move(*service));
  }

  static int usage(const std::string& why) {
    complain(why);
    return kExitUsage;
  }

  SidecarOptions options_;
  CLI::App* bootstrap_ = nullptr;
  std::string name_space_ = "default", account_, trust_domain_ = "cluster.local", secret_socket_;
};

}  // namespace

std::unique_ptr<Command> make_sidecar_command() { return std::make_unique<SidecarCommand>(); }

}  // namespace proa::cli
