// What is said on the command line of `proa sidecar`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "mesh/agent/merged_metrics.h"
#include "mesh/agent/sidecar_bootstrap.h"

namespace CLI {
class App;
}

namespace proa::cli {

struct SidecarOptions {
  std::string control;
  std::string control_name = "istiod.istio-system.svc";
  std::string root, token_file, identity_file;
  int64_t certificate_ttl_s = 0;

  bool gateway = false;
  std::string workload, name;
  std::vector<std::string> addresses, labels;
  std::string cluster_id = "Kubernetes", network, locality, interception = "REDIRECT", domain = "cluster.local";

  std::string admin = "127.0.0.1:15000", metrics = "0.0.0.0:15090", readiness = "0.0.0.0:15021",
              status = "0.0.0.0:15020";
  std::string app_metrics;
  std::string run_dir;

  std::string proxy;
  std::vector<std::string> proxy_arguments;
  uint32_t concurrency = 2;
  std::string proxy_user, user;
  int64_t drain_s = 5, stop_s = 25, start_timeout_s = 120;
  std::string log_level = "info";
  std::vector<std::string> command;
};

/// Of the bootstrap, for `run` and `bootstrap` alike.
void declare_bootstrap_options(CLI::App& app, SidecarOptions& options);

/// "HOST:PORT" or "[ADDRESS]:PORT".
Result<std::pair<std::string, uint16_t>> split_host_port(const std::string& text);
/// "ADDRESS:PORT" or the path of a Unix socket.
Result<net::Address> listen_address(const std::string& text);
/// "[ADDRESS:]PORT[/PATH]" of --app-metrics; nothing when it is empty.
Result<std::optional<mesh::ApplicationMetrics>> application_metrics(const std::string& text);
/// Everything but where the secrets are. Fails with the option that is wrong.
Result<mesh::SidecarBootstrap> bootstrap_of(const SidecarOptions& options, const mesh::SpiffeId& id);

}  // namespace proa::cli
