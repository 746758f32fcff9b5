// proa control: the control plane.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>

#include "base/log.h"
#include "cli/proa/api_client.h"
#include "cli/proa/commands.h"
#include "cli/proa/control_api.h"
#include "cli/proa/control_authority.h"
#include "cli/proa/mesh_folder.h"
#include "cli/proa/resource_folder.h"
#include "cli/service_notify.h"
#include "cli/signals.h"
#include "cli/version.h"
#include "grpc/health_service.h"
#include "grpc/server.h"
#include "mesh/push/push_server.h"
#include "mesh/push/status_service.h"
#include "mesh/translate/proxy_node.h"
#include "net/file_watch.h"

namespace proa::cli {
namespace {

struct ControlOptions {
  std::string resources;
  std::string config;
  std::string mesh_config;
  std::string store;
  std::string api = default_api_socket();
  std::string secure_api;
  std::vector<std::string> api_identities;
  std::string domain = "cluster.local";
  std::vector<std::string> xds{"127.0.0.1:15010"};
  std::vector<std::string> secure_xds;
  std::string ca;
  std::string trust_domain = "cluster.local";
  std::vector<std::string> dns_names{"localhost", "istiod.istio-system.svc"};
  int64_t certificate_ttl_s = 24 * 3600;
  int64_t debounce_ms = 100;
  int64_t debounce_max_ms = 10'000;
  int64_t max_age_s = 0;
  std::string log_level = "info";
};

/// The control plane while it runs. Everything is on the main thread: what it does is little, and all of it short.
class Control {
 public:
  Control(const ControlOptions& options, ServiceNotify service)
      : options_(options),
        service_(std::move(service)),
        push_(
            loop_, [this](const mesh::Node& node) { return mesh_ ? mesh_->of(node) : folder_.of(node); },
            push_options(options)),
        server_(loop_, services_, rules(options)) {
    push_.add_to(services_);
    mesh::add_status_service(services_, push_);
    health_.add_to(services_);
  }

  int run() {
    auto signals = SignalEvents::make(loop_, [this](int signal) { on_signal(signal); });
    if (!signals) return complain(signals.error().message);
    if (Status read = options_.resources.empty() ? read_objects() : read_resources(); !read) {
      return complain(read.error().message);
    }
    if (Status open = open_authority(); !open) return complain(open.error().message);
    for (const std::string& text : options_.xds) {
      if (Status open = listen(text, nullptr); !open) return complain(open.error().message);
    }
    for (const std::string& text : options_.secure_xds) {
      if (Status open = listen(text, authority_->tls()); !open) return complain(open.error().message);
    }
    if (api_) {
      if (Status open = serve_api(); !open) return complain(open.error().message);
    }
    if (mesh_) {
      log::get("main").info("serving {} objects of {}", mesh_->objects(),
                            options_.config.empty() ? options_.store : options_.config);
    } else {
      log::get("main").info("serving {} resources of {}", folder_.resources(), options_.resources);
    }
    health_.set("", grpc::ServingStatus::kServing);
    service_.ready();
    loop_.run();
    return kExitOk;
  }

 private:
  mesh::PushOptions push_options(const ControlOptions& options) {
    mesh::PushOptions out;
    out.debounce = {.quiet = Milliseconds(options.debounce_ms), .most = Milliseconds(options.debounce_max_ms)};
    out.session.identifier = fmt::format("proa {}", kVersion);
    out.identify = [this](const net::ConnectionInfo& peer, const mesh::Node& node) -> Result<std::string> {
      if (mesh_) {
        if (const auto known = mesh::proxy_node(*node.message); !known) return std::unexpected(known.error());
      }
      return authority_ ? authority_->identify(peer, node) : std::string();
    };
    return out;
  }
  static grpc::ConnectionRules rules(const ControlOptions& options) {
    grpc::ConnectionRules out;
    // A proxy that comes again says the versions of all it holds.
    out.max_message = size_t{16} << 20;
    if (options.max_age_s > 0) out.max_age = std::chrono::seconds(options.max_age_s);
    return out;
  }

  Status read_resources() {
    auto read = ResourceFolder::read(options_.resources);
    if (!read) return std::unexpected(read.error());
    folder_ = std::move(*read);
    return watch();
  }

  Status read_objects() {
    std::unique_ptr<mesh::Source> stored;
    if (!options_.store.empty()) {
      auto store = ControlApi::open(loop_, options_.store);
      if (!store) return std::unexpected(store.error());
      api_ = std::move(*store);
      stored = api_->take_source();
    }
    auto opened = MeshFolder::open(
        loop_, {.path = options_.config, .mesh_config = options_.mesh_config, .domain = options_.domain},
        std::move(stored), [this](const mesh::WorldChange& change) {
          push_.changed();
          if (api_) api_->tell(change);
        });
    if (!opened) return std::unexpected(opened.error());
    mesh_ = std::move(*opened);
    return {};
  }

  Status serve_api() {
    if (Status open = api_->serve(options_.api, mesh_->feed(), push_); !open || options_.secure_api.empty())
      return open;
    std::vector<mesh::SpiffeId> identities;
    for (const std::string& each : options_.api_identities) {
      auto id = mesh::parse_spiffe_id(fmt::format("spiffe://{}/ns/{}/sa/{}", options_.trust_domain,
                                                  each.substr(0, each.find('/')), each.substr(each.find('/') + 1)));
      if (!id || each.find('/') == std::string::npos) return fail(fmt::format("'{}' is no NAMESPACE/ACCOUNT", each));
      identities.push_back(std::move(*id));
    }
    return api_->serve_over_tls(options_.secure_api, authority_->tls(), std::move(identities));
  }

  Status open_authority() {
    if (options_.ca.empty()) return {};
    mesh::AuthorityOptions authority{.directory = options_.ca, .trust_domain = options_.trust_domain};
    authority.ttl = authority.max_ttl = std::chrono::seconds(options_.certificate_ttl_s);
    auto opened = ControlAuthority::open(loop_, std::move(authority), options_.dns_names);
    if (!opened) return std::unexpected(opened.error());
    authority_ = std::move(*opened);
    authority_->add_to(services_);
    return {};
  }

  Status listen(const std::string& text, std::shared_ptr<const net::tls::ServerSlot> tls) {
    auto address =
        text.starts_with('/') || text.starts_with('@') ? net::Address::unix_path(text) : net::Address::parse(text);
    if (!address) return fail(fmt::format("{}: {}", text, address.error().message));
    const bool secure = tls != nullptr;
    auto bound = server_.listen({.address = *address, .tls = std::move(tls)});
    if (!bound) return std::unexpected(bound.error());
    log::get("main").info("{} on {}", secure ? "xDS and certificates over TLS" : "xDS", bound->to_string());
    if (!secure && address->is_ip() && !address->is_loopback()) {
      log::get("main").warn(
          "whoever reaches {} may read every configuration: it is clear text without a proof of who asks",
          bound->to_string());
    }
    return {};
  }

  Status watch() {
    watches_.clear();
    auto watcher = net::FileWatcher::make(loop_);
    if (!watcher) return std::unexpected(watcher.error());
    watcher_ = std::move(*watcher);
    for (const std::string& directory : folder_.directories()) {
      auto made = watcher_->watch_directory(directory, [this] { changes_.changed(); });
      if (!made) return std::unexpected(made.error());
      watches_.push_back(std::move(*made));
    }
    return {};
  }

  /// Once files are quiet. What is wrong is not taken: the last good state goes on.
  void reload() {
    auto read = ResourceFolder::read(options_.resources);
    if (!read) return log::get("main").error("the resources stay as they were:\n{}", read.error().message);
    const bool other_folders = read->directories() != folder_.directories();
    folder_ = std::move(*read);
    log::get("main").info("{} has changed: {} resources", options_.resources, folder_.resources());
    push_.push_now();
    if (!other_folders) return;
    loop_.post([this] {  // not inside a callback of the watcher
      if (Status watched = watch(); !watched) log::get("main").error("{}", watched.error().message);
    });
  }

  void on_signal(int signal) {
    if (signal == SIGHUP) {
      if (authority_) {
        if (Status read = authority_->reload(); !read) log::get("main").error("{}", read.error().message);
      }
      if (mesh_) return;  // which sees every change by itself
      return reload();
    }
    if (signal != SIGTERM && signal != SIGINT) return;
    if (std::exchange(stopping_, true)) return loop_.stop();
    log::get("main").info("ending");
    service_.stopping();
    health_.set("", grpc::ServingStatus::kNotServing);
    server_.drain(Milliseconds(0), [this] { loop_.stop(); });
  }

  const ControlOptions& options_;
  net::Loop loop_;
  ServiceNotify service_;
  ResourceFolder folder_;
  std::unique_ptr<ControlApi> api_;
  std::unique_ptr<MeshFolder> mesh_;  ///< instead of `folder_`
  std::unique_ptr<net::FileWatcher> watcher_;
  std::vector<net::FileWatcher::Watch> watches_;
  mesh::Debounce changes_{loop_,
                          {.quiet = Milliseconds(options_.debounce_ms), .most = Milliseconds(options_.debounce_max_ms)},
                          [this] { reload(); }};
  std::unique_ptr<ControlAuthority> authority_;
  grpc::Services services_;
  grpc::HealthService health_;
  mesh::PushServer push_;
  grpc::Server server_;
  bool stopping_ = false;
};

class ControlCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("control", "run the control plane: serve configuration to proxies by xDS");
    app->add_option("--resources", options_.resources,
                    "folder of Envoy resources, watched: *.yaml for all proxies, NAME/*.yaml for those with that "
                    "--service-node or --service-cluster")
        ->check(CLI::ExistingDirectory)
        ->option_text("DIR");
    auto* config = app->add_option("--config", options_.config,
                                   "folder or file of objects of Istio, Kubernetes and the Gateway API, watched: each "
                                   "proxy gets what they mean for it");
    config->check(CLI::ExistingPath)->option_text("PATH")->excludes(app->get_option("--resources"));
    app->add_option("--store", options_.store,
                    "folder that keeps objects of proa apply, beside or without --config; made where it is not there")
        ->excludes(app->get_option("--resources"))
        ->option_text("DIR");
    app->add_option("--api", options_.api, fmt::format("Unix socket of its API, with --store ({})", options_.api))
        ->envname("PROA_API")
        ->option_text("PATH");
    app->add_option("--secure-api", options_.secure_api, "address of the API over TLS, for --api-identity alone")
        ->needs(app->get_option("--store"))
        ->option_text("ADDRESS");
    app->add_option("--api-identity", options_.api_identities,
                    "who may change objects over --secure-api, by certificates of --ca")
        ->option_text("NAMESPACE/ACCOUNT ...");
    app->get_option("--secure-api")->needs(app->get_option("--api-identity"));
    app->add_option("--mesh-config", options_.mesh_config, "file with the MeshConfig (Istio's defaults)")
        ->check(CLI::ExistingFile)
        ->excludes(app->get_option("--resources"))
        ->option_text("FILE");
    app->add_option("--domain", options_.domain, "the cluster's DNS domain (cluster.local)")
        ->excludes(app->get_option("--resources"))
        ->option_text("NAME");
    app->add_option("--xds", options_.xds, "addresses to serve on, or paths of Unix sockets (127.0.0.1:15010)")
        ->option_text("ADDRESS ...");
    app->add_option("--secure-xds", options_.secure_xds,
                    "addresses to serve on over TLS: proxies prove who they are by certificates of --ca")
        ->option_text("ADDRESS ...");
    auto* ca =
        app->add_option("--ca", options_.ca, "folder of the certificate authority; made with a new root when empty");
    ca->option_text("DIR");
    app->get_option("--secure-xds")->needs(ca);
    app->get_option("--secure-api")->needs(ca);
    app->add_option("--trust-domain", options_.trust_domain, "of the identities in certificates (cluster.local)")
        ->option_text("NAME");
    app->add_option("--dns-name", options_.dns_names,
                    "names that proxies call this control plane by (localhost istiod.istio-system.svc)")
        ->option_text("NAME ...");
    app->add_option("--certificate-ttl-s", options_.certificate_ttl_s, "life of a workload's certificate (86400)")
        ->check(CLI::PositiveNumber)
        ->option_text("SECONDS");
    app->add_option("--debounce-ms", options_.debounce_ms, "wait for so long after the last change (100)")
        ->check(CLI::NonNegativeNumber)
        ->option_text("MS");
    app->add_option("--debounce-max-ms", options_.debounce_max_ms, "but not longer, however many follow (10000)")
        ->check(CLI::NonNegativeNumber)
        ->option_text("MS");
    app->add_option("--max-connection-age-s", options_.max_age_s,
                    "ask proxies to connect again after so long, so that they spread over replicas (0: never)")
        ->check(CLI::NonNegativeNumber)
        ->option_text("SECONDS");
    app->add_option("-l,--log-level", options_.log_level, "trace, debug, info, warning, error, critical or off")
        ->check(CLI::IsMember({"trace", "debug", "info", "warn", "warning", "error", "critical", "off"}))
        ->option_text("LEVEL");
    app->footer(
        examples({"proa control --config mesh/ --mesh-config mesh.yaml#a mesh by Istio's objects, on 127.0.0.1:15010",
                  "proa control --store /var/lib/proa/store#the same by proa apply",
                  "proa control --resources resources/#serve Envoy's resources as they are",
                  "proa control --resources resources/ --ca /var/lib/proa/ca --secure-xds 0.0.0.0:15012#with mTLS",
                  "proa control --resources resources/ --xds 0.0.0.0:15010 /run/proa/xds#on more addresses"}));
    return app;
  }

  int run() override {
    if (options_.resources.empty() && options_.config.empty() && options_.store.empty()) {
      complain("control needs --config, --store or --resources");
      return kExitUsage;
    }
    log::Settings settings;
    settings.level = options_.log_level;
    if (Status logs = log::configure(settings); !logs) return complain(logs.error().message);
    auto service = ServiceNotify::from_environment();
    if (!service) return complain(service.error().message);
    Control control(options_, std::move(*service));
    return control.run();
  }

 private:
  ControlOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_control_command() { return std::make_unique<ControlCommand>(); }

}  // namespace proa::cli
