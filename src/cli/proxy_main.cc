// proa-proxy: wires configuration, server and signals together.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <thread>

#include "admin/admin_server.h"
#include "base/log.h"
#include "cli/hot_restart.h"
#include "cli/proxy_options.h"
#include "cli/revision.h"
#include "cli/service_notify.h"
#include "cli/signals.h"
#include "cli/start_memory.h"
#include "cli/version.h"
#include "config/compiler.h"
#include "config/load.h"
#include "observe/registry.h"
#include "proxy/server.h"
#include "proxy/watchdog.h"
#include "xds/dynamic_config.h"

namespace proa::cli {
namespace {

config::LoadOptions load_options(const ProxyOptions& options) {
  config::LoadOptions load;
  load.source = {.file = options.config_path,
                 .yaml = options.config_yaml,
                 .unknown_fields_are_warnings = options.allow_unknown_static_fields};
  load.allow_unsupported = options.allow_unsupported;
  load.service_cluster = options.service_cluster;
  load.service_node = options.service_node;
  load.service_zone = options.service_zone;
  load.state_dir = options.state_dir;
  return load;
}

int validate(const ProxyOptions& options) {
  observe::Registry registry;
  config::SharedObjects shared(registry);
  config::Problems problems;
  config::load(load_options(options), shared, problems);
  std::fputs(problems.str().c_str(), stderr);
  if (!problems.ok()) return 1;
  std::fputs(fmt::format("configuration '{}' OK\n", options.config_path).c_str(), stderr);
  return 0;
}

HotRestartOptions hot_restart_options(const ProxyOptions& options) {
  const Milliseconds drain = std::chrono::seconds(options.drain_time_s);
  const Milliseconds shutdown = std::chrono::seconds(options.parent_shutdown_time_s);
  return {
      .enabled = !options.disable_hot_restart && options.mode == Mode::kServe,
      .required = options.base_id_given || options.restart_epoch_given,
      .base_id = options.base_id,
      .epoch = options.restart_epoch,
      .predecessor = {.spread = options.drain_at_once ? Milliseconds(0) : std::min(drain, shutdown), .limit = shutdown},
      .command = options.command};
}

/// The process while it serves. Main thread.
class Program {
 public:
  Program(const ProxyOptions& options, ServiceNotify service)
      : options_(options),
        service_(std::move(service)),
        restart_(loop_, hot_restart_options(options)),
        shared_(registry_),
        alive_timer_(net::Timer::of<&Program::tell_alive>(this)) {
    shared_.set_log_flush_interval(Milliseconds(options.file_flush_interval_ms));
    uint32_t workers = options.concurrency ? options.concurrency : std::max(1U, std::thread::hardware_concurrency());
    server_ = std::make_unique<proxy::Server>(
        loop_, registry_,
        proxy::ServerOptions{.concurrency = workers, .drain_time = std::chrono::seconds(options.drain_time_s)});
    dynamic_ = std::make_unique<xds::DynamicConfig>(loop_, *server_, shared_);
    server_->discover([this](auto go_on) { dynamic_->fetch_clusters(std::move(go_on)); },
                      [this](auto go_on) { dynamic_->fetch_listeners(std::move(go_on)); });
  }

  int run() {
    auto signals = SignalEvents::make(loop_, [this](int signal) { on_signal(signal); });
    if (!signals) return complain(signals.error().message);
    config::Problems problems;
    proxy::Snapshot snapshot = load(problems);
    if (!problems.ok()) {
      std::fputs(problems.str().c_str(), stderr);
      return 1;
    }
    warn(problems);
    report_ = "the configuration of the start is in force";
    if (Status begun = restart_.begin(); !begun) return complain(begun.error().message);
    // First, so that no listener takes a connection of a process that then ends. After a hot restart the admin listener
    // is the old process's as long as that one serves.
    if (!restart_.takes_over()) {
      if (Status open = open_admin(snapshot.admin); !open) return complain(open.error().message);
    }
    Status started = server_->start(std::move(snapshot), restart_.listeners(), [this] { live(); });
    if (!started) return complain(started.error().message);
    dynamic_->fetch_for_start();
    if (service_.alive_interval()) tell_alive();
    watchdog_ = watch_threads();
    loop_.run();
    watchdog_.reset();
    admin_.reset();
    dynamic_->stop();
    server_.reset();
    loop_.run_once(Milliseconds(0));  // health checks' connections close at the end of a turn; they hold their clusters
    return 0;
  }

 private:
  proxy::Snapshot load(config::Problems& problems) {
    config::LoadOptions options = load_options(options_);
    options.health_checks_fail = &server_->health_checks_fail();
    options.main_loop = &loop_;
    options.dynamic = dynamic_.get();
    return config::load(options, shared_, problems);
  }

  Status open_admin(const proxy::AdminConfig& config) {
    const net::Address& address = config.address;
    if (!address) return {};
    admin::AdminContext context{.server = *server_, .config = config, .version = kVersion};
    context.revision = kRevision;
    context.modified = kModified;
    context.started = started_;
    context.first_started = restart_.first_started();
    context.hot_restart_version = restart_.version();
    context.command_line = command_line();
    context.quit = [this] { loop_.stop(); };
    context.reopen_logs = [this] { shared_.reopen_logs(); };
    context.load_report = [this] { return report_; };
    context.loaded_at = [this] { return loaded_at_; };
    context.dynamic_resources = [this](std::string_view type_url) { return dynamic_->show(type_url); };
    context.publish_runtime = [this](std::shared_ptr<const route::Runtime> runtime) {
      server_->publish_runtime(std::move(runtime));
    };
    auto opened = admin::AdminServer::make(loop_, std::move(context), restart_.admin_socket(address.to_string()));
    if (!opened) return std::unexpected(opened.error());
    admin_ = std::move(*opened);
    log::get("admin").info("admin on {}", admin_->address().to_string());
    if (!options_.admin_address_path.empty()) {
      std::ofstream(options_.admin_address_path) << admin_->address().to_string();
    }
    return {};
  }

  std::unique_ptr<proxy::WatchdogThread> watch_threads() {
    auto make = [this](proxy::Watchdog::Kind kind, const proxy::WatchdogLimits& limits) {
      return std::make_unique<proxy::Watchdog>(registry_, kind, limits, [](const std::string& reason) {
        log::get("main").critical("{}: the watchdog ends the process", reason);
        std::abort();
      });
    };
    std::vector<std::unique_ptr<proxy::Watchdog>> watchdogs;
    watchdogs.push_back(make(proxy::Watchdog::Kind::kMainThread, server_->snapshot().main_watchdog));
    watchdogs.back()->watch("main_thread", loop_);
    watchdogs.push_back(make(proxy::Watchdog::Kind::kWorkers, server_->snapshot().worker_watchdog));
    for (size_t i = 0; i < server_->workers().size(); ++i) {
      net::Worker& worker = server_->workers()[i];
      watchdogs.back()->watch(worker.name(), worker.loop());
    }
    return std::make_unique<proxy::WatchdogThread>(std::move(watchdogs));
  }

  admin::CommandLine command_line() const {
    admin::CommandLine line;
    line.config_path = options_.config_path;
    line.config_yaml = !options_.config_yaml.empty();
    line.log_level = options_.log_level;
    line.component_log_level = options_.component_log_level;
    line.log_format = options_.log_format;
    line.log_path = options_.log_path;
    line.service_cluster = options_.service_cluster;
    line.service_node = options_.service_node;
    line.service_zone = options_.service_zone;
    line.concurrency = server_->options().concurrency;
    line.base_id = options_.base_id;
    line.restart_epoch = restart_.epoch();
    if (options_.drain_at_once) line.drain_strategy = "Immediate";
    line.drain_time_s = options_.drain_time_s;
    line.parent_shutdown_time_s = options_.parent_shutdown_time_s;
    line.disable_hot_restart = options_.disable_hot_restart;
    line.allow_unknown_static_fields = options_.allow_unknown_static_fields;
    return line;
  }

  static int complain(const std::string& why) {
    std::fputs(fmt::format("proa-proxy: {}\n", why).c_str(), stderr);
    return 1;
  }

  static void warn(const config::Problems& problems) {
    for (const config::Problem& problem : problems.all()) log::get("config").warn("{}", problem.str());
  }

  void live() {
    log::get("main").info("serving with {} workers", server_->workers().size());
    for (const auto& listener : server_->listeners()) {
      for (const net::Address& address : server_->bound_addresses(listener->name)) {
        log::get("main").info("listener {} on {}", listener->name, address.to_string());
      }
    }
    if (options_.mode == Mode::kInitOnly) return loop_.stop();
    if (restart_.takes_over()) replace_predecessor();
    auto sockets = [this] { return sockets_to_pass(); };
    Status offered = restart_.offer(sockets, [this](const Succession& to) { step_down(to); });
    if (!offered) log::get("main").error("no hot restart: {}", offered.error().message);
    service_.ready();
    release_start_memory();
  }

  void replace_predecessor() {
    if (Status stepped = restart_.step_in(); !stepped) {
      log::get("main").error("the process before may not drain: {}", stepped.error().message);
    }
    if (Status open = open_admin(server_->snapshot().admin); !open) log::get("main").error("{}", open.error().message);
  }

  std::vector<PassedSocket> sockets_to_pass() {
    std::vector<PassedSocket> out;
    if (admin_) {
      out.push_back({.purpose = PassedSocket::Purpose::kAdmin,
                     .address = admin_->address().to_string(),
                     .fd = admin_->duplicate_socket()});
    }
    for (auto& [address, sockets] : server_->duplicate_sockets()) {
      for (net::Fd& fd : sockets) out.push_back({.address = address, .fd = std::move(fd)});
    }
    return out;
  }

  /// Another process serves from now on.
  void step_down(const Succession& to) {
    log::get("main").info("process {} serves; draining", to.successor);
    admin_.reset();
    service_.main_process(to.successor);
    server_->drain(to.drain, [this] { loop_.stop(); });
  }

  void on_signal(int signal) {
    switch (signal) {
      case SIGHUP: return reload();
      case SIGUSR1: return shared_.reopen_logs();
      case SIGUSR2: return restart_.start_successor();
      case SIGCHLD: return restart_.reap();
      default: return stop();
    }
  }

  /// A second signal does not wait.
  void stop() {
    if (std::exchange(stopping_, true)) return loop_.stop();
    log::get("main").info("draining");
    // Where another process serves, the service does not stop.
    if (!restart_.succeeded()) service_.stopping();
    restart_.withdraw();
    server_->drain([this] { loop_.stop(); });
  }

  void reload() {
    if (server_->state() == proxy::ServerState::kDraining) return refused("the process drains");
    if (is_live()) service_.reloading(std::chrono::steady_clock::now());
    config::Problems problems;
    proxy::Snapshot snapshot = load(problems);
    if (!problems.ok()) {
      return refused(problems.str());
    }
    warn(problems);
    server_->apply(std::move(snapshot), [this](Status applied) {
      if (!applied) return refused(applied.error().message);
      loaded_at_ = std::chrono::system_clock::now();
      report_ = "the new configuration is in force";
      log::get("config").info(report_);
      if (is_live()) service_.ready();
      release_start_memory();
    });
  }

  void refused(const std::string& why) {
    report_ = "the new configuration is refused, the old one goes on:\n" + why;
    log::get("config").error(report_);
    if (is_live()) service_.ready();  // as before
  }

  /// Before, live() is still to come; afterwards systemd has been told of the end.
  bool is_live() const { return server_->state() == proxy::ServerState::kLive; }

  /// systemd restarts the service when this is not said: so not while a worker hangs.
  void tell_alive() {
    const Milliseconds interval = *service_.alive_interval();
    bool stuck = false;
    for (size_t i = 0; i < server_->workers().size(); ++i) {
      stuck |= server_->workers()[i].stuck_for(std::chrono::steady_clock::now()) > interval;
    }
    if (!stuck) service_.alive();
    alive_timer_.start(loop_, interval);
  }

  const ProxyOptions& options_;
  const MonoTime started_ = std::chrono::steady_clock::now();
  WallTime loaded_at_ = std::chrono::system_clock::now();
  std::string report_;  ///< what came of the last attempt to load a configuration
  net::Loop loop_;
  ServiceNotify service_;
  HotRestart restart_;
  observe::Registry registry_;
  config::SharedObjects shared_;
  std::unique_ptr<xds::DynamicConfig> dynamic_;  // holds on to the server, but not after stop()
  std::unique_ptr<proxy::Server> server_;
  std::unique_ptr<admin::AdminServer> admin_;
  std::unique_ptr<proxy::WatchdogThread> watchdog_;
  net::Timer alive_timer_;
  bool stopping_ = false;
};

int run(int argc, char** argv) {
  ProxyOptions options;
  if (int code = parse_options(argc, argv, options); code >= 0) return code;
  if (options.print_reference) {
    std::fputs(config::configuration_reference().c_str(), stdout);
    return 0;
  }
  Status logs = log::configure({.level = options.log_level,
                                .component_levels = options.component_log_level,
                                .path = options.log_path,
                                .pattern = options.log_format});
  if (!logs) {
    std::fputs(fmt::format("proa-proxy: {}\n", logs.error().message).c_str(), stderr);
    return 64;
  }
  if (options.mode == Mode::kValidate) return validate(options);
  auto service = ServiceNotify::from_environment();
  if (!service) {
    std::fputs(fmt::format("proa-proxy: {}\n", service.error().message).c_str(), stderr);
    return 1;
  }
  Program program(options, std::move(*service));
  return program.run();
}

}  // namespace
}  // namespace proa::cli

int main(int argc, char** argv) { return proa::cli::run(argc, argv); }
