// Everything that one configuration file says, compiled. Made whole by config/, or not at all.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "observe/access_log.h"
#include "proxy/listener_config.h"
#include "proxy/watchdog_limits.h"
#include "route/fraction.h"
#include "upstream/spec.h"

namespace proa::proxy {

struct NodeIdentity {
  std::string id, cluster, region, zone, sub_zone;
};

struct AdminConfig {
  net::Address address;  ///< kNone: no admin surface
  uint32_t unix_mode = 0600;
  std::vector<std::shared_ptr<const observe::AccessLog>> access_logs;
};

struct Snapshot {
  NodeIdentity node;
  std::vector<std::shared_ptr<const ListenerConfig>> listeners;
  std::vector<upstream::ClusterSpec> clusters;
  std::string local_cluster;  ///< cluster_manager.local_cluster_name
  std::shared_ptr<const route::Runtime> runtime;
  int64_t connection_limit = 0;  ///< of the process; 0: none
  AdminConfig admin;
  WatchdogLimits main_watchdog, worker_watchdog;  ///< of the start; a reload does not change them
  std::function<std::string()> config_dump;       ///< makes JSON, secrets redacted; any thread; may be empty
};

}  // namespace proa::proxy
