#include "cli/proa/sidecar_run.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "base/log.h"
#include "cli/proa/command.h"
#include "cli/signals.h"
#include "mesh/agent/app_probes.h"
#include "mesh/agent/child_process.h"
#include "mesh/agent/http_service.h"
#include "mesh/agent/identity_keeper.h"
#include "mesh/agent/merged_metrics.h"
#include "mesh/agent/proxy_process.h"
#include "mesh/agent/secret_server.h"
#include "net/own_address.h"
#include "net/private_file.h"

namespace proa::cli {
namespace {

namespace fs = std::filesystem;

/// What systemd tells this program is not for those that it starts.
const std::vector<std::string> kOurs{"NOTIFY_SOCKET", "WATCHDOG_USEC"};

/// How long connections may go on when a change of configuration ends their listener: Istio's drainDuration.
constexpr const char* kDrainTime = "45";

/// proa-proxy beside this program, else whatever PATH has.
/// A folder that is there already stays, one that is made here goes.
class RunFolder {
 public:
  ~RunFolder() {
    std::error_code error;
    if (made_) fs::remove_all(path_, error);
  }
  Status open(const std::string& wanted) {
    path_ = wanted;
    if (!wanted.empty()) {
      if (Status made = net::make_private_folder(wanted); !made) return made;
      if (net::others_may_read(wanted)) return fail(fmt::format("others may enter {}: chmod 700 it", wanted));
      return {};
    }
    const char* given = std::getenv("RUNTIME_DIRECTORY");
    if (!given) given = std::getenv("XDG_RUNTIME_DIR");
    std::string text = fmt::format("{}/proa-sidecar-XXXXXX", given ? given : "/tmp");
    if (!::mkdtemp(text.data())) return fail(fmt::format("cannot make a folder {}", text));
    path_ = text;
    made_ = true;
    return {};
  }
  std::string file(const char* name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
};

/// One thread, as start_process asks for.
///
///   kJoining --certificate--> kStarting --proxy ready--> kRunning --SIGTERM--> kDraining --inbound ended--> kEnding
///                                                           \--command ended-----------------------------------+
///   kEnding: the command has SIGTERM --it ended--> kLeaving: the proxy has SIGTERM --> end
class SidecarRun {
 public:
  SidecarRun(const SidecarOptions& options, ServiceNotify service)
      : options_(options),
        service_(std::move(service)),
        secrets_(loop_),
        status_(loop_, [this](const mesh::HttpQuestion& question,
                              const mesh::HttpService::Reply& reply) { answer(question, reply); }),
        timer_(net::Timer::of<&SidecarRun::on_timer>(this)) {}

  int run() {
    ::prctl(PR_SET_DUMPABLE, 0);  // the key is in no core, and not for other programs of this user to read
    auto signals = SignalEvents::make(loop_, [this](int signal) { on_signal(signal); }, {SIGQUIT, SIGWINCH});
    if (!signals) return complain(signals.error().message);
    if (Status prepared = prepare(); !prepared) return complain(prepared.error().message);
    keeper_->start();
    if (options_.start_timeout_s > 0) timer_.start(loop_, std::chrono::seconds(options_.start_timeout_s));
    loop_.run();
    return exit_code_;
  }

 private:
  enum class Phase : uint8_t { kJoining, kStarting, kRunning, kDraining, kEnding, kLeaving };

  Status prepare() {
    for (auto [text, user] : {std::pair(&options_.proxy_user, &proxy_user_), std::pair(&options_.user, &user_)}) {
      if (text->empty()) continue;
      auto found = mesh::find_user(*text);
      if (!found) return std::unexpected(found.error());
      *user = std::move(*found);
    }
    if (Status opened = folder_.open(options_.run_dir); !opened) return opened;
    if (Status listens = secrets_.listen(folder_.file("sds")); !listens) return listens;
    if (proxy_user_) {  // the only one who may come in, beside root
      for (const std::string& path : {folder_.path(), folder_.file("sds")}) {
        if (::chown(path.c_str(), proxy_user_->uid, proxy_user_->gid) != 0) return fail("cannot give away " + path);
      }
    }
    if (Status pages = prepare_pages(); !pages) return pages;
    auto status = listen_address(options_.status);
    if (!status) return std::unexpected(status.error());
    auto bound = status_.listen(*status);
    if (!bound) return std::unexpected(bound.error());
    auto control = split_host_port(options_.control);
    if (!control) return std::unexpected(control.error());
    mesh::IdentityOptions identity{.control_host = control->first, .control_port = control->second};
    identity.server_name = options_.control_name;
    identity.roots_file = options_.root;
    identity.token_file = options_.token_file;
    identity.identity_file = options_.identity_file;
    identity.socket_owner = proxy_user_;
    identity.ttl = std::chrono::seconds(options_.certificate_ttl_s);
    keeper_.emplace(
        loop_, std::move(identity),
        mesh::IdentityKeeper::Events{.renewed = [this](const mesh::Identity& renewed) { on_identity(renewed); },
                                     .refused = [this](const std::string& why) { give_up("no certificate: " + why); }});
    return {};
  }

  void on_identity(const mesh::Identity& identity) {
    secrets_.publish(identity);
    if (phase_ != Phase::kJoining) return;
    phase_ = Phase::kStarting;
    if (Status started = start_proxy(identity); !started) give_up(started.error().message);
  }

  Status start_proxy(const mesh::Identity& identity) {
    auto bootstrap = bootstrap_of(options_, identity.id);
    if (!bootstrap) return std::unexpected(bootstrap.error());
    bootstrap->secret_socket = folder_.file("sds");
    const std::string file = folder_.file("bootstrap.json");
    if (Status wrote = net::write_file(file, bootstrap->text(), 0644); !wrote) return wrote;
    log::get("sidecar").info("{} as {}", bootstrap->node.node_id(), identity.id.text());
    mesh::ProxyProcessOptions proxy{.admin = bootstrap->admin};
    proxy.process.user = proxy_user_;
    proxy.process.without = kOurs;
    proxy.process.command = {options_.proxy.empty() ? default_proxy() : options_.proxy,
                             "-c",
                             file,
                             "--drain-time-s",
                             kDrainTime,
                             "--drain-strategy",
                             "immediate",
                             "--disable-hot-restart",
                             "-l",
                             options_.log_level};
    if (options_.concurrency > 0) {
      proxy.process.command.insert(proxy.process.command.end(),
                                   {"--concurrency", std::to_string(options_.concurrency)});
    }
    proxy.process.command.insert(proxy.process.command.end(), options_.proxy_arguments.begin(),
                                 options_.proxy_arguments.end());
    proxy_.emplace(
        loop_, std::move(proxy),
        mesh::ProxyProcess::Events{.ready = [this] { on_proxy_ready(); }, .stopped = [this] { loop_.stop(); }});
    if (auto started = proxy_->start(); !started) {
      proxy_.reset();
      return fail(started.error().why);
    }
    return {};
  }

  void on_proxy_ready() {
    log::get("sidecar").info("the proxy is ready");
    if (phase_ != Phase::kStarting) return;
    phase_ = Phase::kRunning;
    timer_.stop();
    if (!options_.command.empty()) {
      auto started = mesh::start_process(
          {.command = options_.command, .user = user_, .without = kOurs, .foreground = ::isatty(STDIN_FILENO) == 1});
      if (!started) {
        complain(started.error().why);
        return leave(started.error().exit_code);
      }
      command_ = *started;
      log::get("sidecar").info("{} is process {}", options_.command.front(), command_);
    }
    service_.ready();
  }

  void on_signal(int signal) {
    switch (signal) {
      case SIGCHLD: return reap();
      case SIGTERM:
      case SIGINT: return stop(signal);
      default:
        if (command_ > 0) ::kill(command_, signal);
    }
  }

  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (proxy_ && proxy_->reaped(pid, status)) continue;
      if (pid == command_) on_command_ended(status);
    }
  }

  void on_command_ended(int status) {
    command_ = 0;
    log::get("sidecar").info("{} has ended with {}", options_.command.front(), mesh::end_of(status));
    leave(mesh::exit_code_of(status));
  }

  /// A second signal does not wait for connections.
  void stop(int signal) {
    switch (phase_) {
      case Phase::kJoining:
      case Phase::kStarting: return leave(128 + signal);
      case Phase::kRunning:
        stop_signal_ = signal;
        service_.stopping();
        phase_ = Phase::kDraining;
        return proxy_->drain_inbound(std::chrono::seconds(options_.drain_s), [this] { end_command(); });
      case Phase::kDraining: return end_command();
      case Phase::kEnding:
        if (command_ > 0) ::kill(command_, signal);
        return;
      case Phase::kLeaving: return;
    }
  }

  /// What it was doing for others has ended; its own calls still go through the proxy.
  void end_command() {
    if (phase_ != Phase::kDraining) return;
    if (command_ == 0) return leave(kExitOk);
    phase_ = Phase::kEnding;
    ::kill(command_, stop_signal_);
    timer_.start(loop_, std::chrono::seconds(options_.stop_s));
  }

  void on_timer() {
    if (phase_ == Phase::kJoining) return give_up("no certificate in time");
    if (phase_ == Phase::kStarting) {
      return give_up(fmt::format("the proxy is not ready in time; it says: {}", proxy_->last_answer()));
    }
    if (phase_ != Phase::kEnding || command_ == 0) return;
    log::get("sidecar").warn("{} has not ended in {} s: it is killed", options_.command.front(), options_.stop_s);
    ::kill(-command_, SIGKILL);
  }

  void give_up(const std::string& why) {
    complain(why);
    leave(kExitFailed);
  }

  /// The proxy is the last to go.
  void leave(int exit_code) {
    if (std::exchange(phase_, Phase::kLeaving) == Phase::kLeaving) return;
    exit_code_ = exit_code;
    timer_.stop();
    if (!proxy_) return loop_.stop();
    proxy_->stop(std::chrono::seconds(options_.drain_s));
  }

  Status prepare_pages() {
    auto admin = listen_address(options_.admin);
    if (!admin) return std::unexpected(admin.error());
    auto application = application_metrics(options_.app_metrics);
    if (!application) return std::unexpected(application.error());
    metrics_.emplace(loop_, *admin, std::move(*application), [this] { return own_metrics(); });
    const char* given = std::getenv("ISTIO_KUBE_APP_PROBERS");
    if (!given || !*given) return {};
    auto probes = mesh::read_app_probes(given);
    if (!probes) return fail("ISTIO_KUBE_APP_PROBERS: " + probes.error().message);
    const std::string address = options_.addresses.empty() ? net::own_address().ip() : options_.addresses.front();
    auto application_address = net::Address::parse_ip(address, 0);
    if (!application_address) return std::unexpected(application_address.error());
    prober_.emplace(loop_, std::move(*probes), *application_address);
    return {};
  }

  void answer(const mesh::HttpQuestion& question, const mesh::HttpService::Reply& reply) {
    if (question.path == "/healthz/ready") {
      if (phase_ == Phase::kRunning && proxy_->ready()) return reply({.body = "ready\n"});
      return reply({.status = 503, .body = "not ready\n"});
    }
    if (question.path == "/stats/prometheus") return metrics_->answer(reply);
    if (question.path == "/quitquitquit") return answer_quit(question, reply);
    if (prober_ && prober_->has(question.path)) return prober_->answer(question.path, reply);
    reply({.status = 404, .body = "there is no such page\n"});
  }

  void answer_quit(const mesh::HttpQuestion& question, const mesh::HttpService::Reply& reply) {
    if (question.method != "POST") return reply({.status = 405, .body = "POST it\n"});
    if (!question.from.is_loopback()) return reply({.status = 403, .body = "only from this host\n"});
    reply({.body = "OK\n"});
    loop_.post([this] { stop(SIGTERM); });
  }

  std::string own_metrics() const {
    const auto& identity = keeper_->identity();
    const auto until = identity ? identity->valid_until.time_since_epoch() : WallTime::duration(0);
    return fmt::format(
        "# TYPE proa_sidecar_certificate_expiry_timestamp_seconds gauge\n"
        "proa_sidecar_certificate_expiry_timestamp_seconds {}\n"
        "# TYPE proa_sidecar_certificate_renewals_total counter\n"
        "proa_sidecar_certificate_renewals_total {}\n"
        "# TYPE proa_sidecar_certificate_failures_total counter\n"
        "proa_sidecar_certificate_failures_total {}\n"
        "# TYPE proa_sidecar_proxy_restarts_total counter\n"
        "proa_sidecar_proxy_restarts_total {}\n",
        std::chrono::duration_cast<std::chrono::seconds>(until).count(), keeper_->renewals(), keeper_->failures(),
        proxy_ ? proxy_->restarts() : 0);
  }

  const SidecarOptions& options_;
  net::Loop loop_;
  ServiceNotify service_;
  RunFolder folder_;
  mesh::SecretServer secrets_;
  mesh::HttpService status_;
  std::optional<mesh::MergedMetrics> metrics_;
  std::optional<mesh::AppProber> prober_;
  std::optional<mesh::IdentityKeeper> keeper_;
  std::optional<mesh::ProxyProcess> proxy_;
  std::optional<mesh::ProcessUser> proxy_user_, user_;
  net::Timer timer_;
  pid_t command_ = 0;
  int stop_signal_ = 0;
  int exit_code_ = kExitFailed;
  Phase phase_ = Phase::kJoining;
};

}  // namespace

std::string default_proxy() {
  std::error_code error;
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path() / "proa-proxy";
  return !error && ::access(beside.c_str(), X_OK) == 0 ? beside.string() : "proa-proxy";
}

int run_sidecar(const SidecarOptions& options, ServiceNotify service) {
  SidecarRun sidecar(options, std::move(service));
  return sidecar.run();
}

}  // namespace proa::cli
