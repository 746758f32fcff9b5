// The command line of proa-proxy: Envoy's flags, so that scripts and agents work unchanged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace proa::cli {

enum class Mode : uint8_t { kServe, kValidate, kInitOnly };

struct ProxyOptions {
  std::string config_path;
  std::string config_yaml;
  Mode mode = Mode::kServe;
  uint32_t concurrency = 0;  ///< 0: one worker for each CPU
  std::string log_level = "info";
  std::string component_log_level;  ///< "http:debug,upstream:trace"
  std::string log_path;
  std::string log_format;
  std::string service_cluster, service_node, service_zone;
  std::string state_dir;
  uint32_t file_flush_interval_ms = 1000;  ///< how long lines of an access log may wait
  uint32_t drain_time_s = 600;
  bool drain_at_once = false;  ///< --drain-strategy immediate
  uint32_t parent_shutdown_time_s = 900;
  uint32_t base_id = 0;
  bool base_id_given = false;
  std::optional<uint32_t> restart_epoch = 0;  ///< empty: "auto"
  bool restart_epoch_given = false;
  bool disable_hot_restart = false;
  bool allow_unsupported = false;
  bool allow_unknown_static_fields = false;
  std::string admin_address_path;
  std::vector<std::string> command;  ///< argv
  bool print_reference = false;      ///< --configuration-reference: docs/configuration.md, then exit
};

/// Fills `options`. Returns the exit code when the program is to end at once (help, version, a bad flag), having
/// printed why; -1 otherwise.
int parse_options(int argc, char** argv, ProxyOptions& options);

}  // namespace proa::cli
