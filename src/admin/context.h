// What the program tells its admin surface about itself, and what it lets it do.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "proxy/server.h"
#include "proxy/snapshot.h"
#include "xds/shown_resource.h"

namespace proa::admin {

/// The command line, as /server_info shows it. Texts that may hold secrets (--config-yaml) are only said to exist.
struct CommandLine {
  std::string config_path{};
  bool config_yaml = false;  ///< --config-yaml was given
  std::string log_level = "info";
  std::string component_log_level{};
  std::string log_format{};
  std::string log_path{};
  std::string service_cluster{}, service_node{}, service_zone{};
  std::string drain_strategy = "Gradual";  ///< "Gradual", "Immediate"
  uint32_t concurrency = 1;
  uint32_t base_id = 0;
  uint32_t restart_epoch = 0;
  uint32_t drain_time_s = 600;
  uint32_t parent_shutdown_time_s = 900;
  bool disable_hot_restart = false;
  bool allow_unknown_static_fields = false;
};

/// Everything that is referred to outlives the admin server. Callbacks run on the main thread; one that is empty
/// makes its page answer 501, which says so.
struct AdminContext {
  proxy::Server& server;
  proxy::AdminConfig config;  ///< where to listen; access logs
  std::string version;        ///< "0.1.0"
  std::string revision{};     ///< of the source, in hex; empty: not known
  bool modified = false;      ///< the source differed from it
  std::string hot_restart_version = "disabled";
  CommandLine command_line{};
  MonoTime started{};        ///< of this process
  MonoTime first_started{};  ///< of the first process in a row of hot restarts; unset: `started`

  std::function<void()> quit{};         ///< POST /quitquitquit; called after the answer has been written
  std::function<void()> reopen_logs{};  ///< POST /reopen_logs
  /// What came of the last attempt to load a configuration: its problems, or that it is in force. For /config_status.
  std::function<std::string()> load_report{};
  /// What a control plane has said, of one type: for /config_dump.
  std::function<std::vector<xds::ShownResource>(std::string_view type_url)> dynamic_resources{};
  /// When the configuration in force was loaded; empty: /config_dump does not say.
  std::function<WallTime()> loaded_at{};
  /// Publishes a runtime to all workers: POST /runtime_modify.
  std::function<void(std::shared_ptr<const route::Runtime>)> publish_runtime{};
};

}  // namespace proa::admin
