// What every compile function has at hand: the process's shared objects and the file's own context.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "base/awaited.h"
#include "config/problems.h"
#include "config/site.h"
#include "observe/dynamic_stats.h"
#include "observe/log_file.h"
#include "observe/registry.h"
#include "observe/stats.h"

namespace proa::net {
class Loop;
}
namespace envoy::config::bootstrap::v3 {
class Bootstrap;
}

namespace proa::config {

class DynamicSources;
class TlsReload;

/// Objects that outlive one configuration: counters go on counting over a reload, logs stay open. Main thread.
class SharedObjects {
 public:
  explicit SharedObjects(observe::Registry& registry);
  ~SharedObjects();

  observe::Registry& registry() { return registry_; }
  /// How long lines of logs that are opened from now on may wait.
  void set_log_flush_interval(Milliseconds interval) { log_flush_interval_ = interval; }
  /// The group of that schema and name, made when nothing in use has it.
  std::shared_ptr<observe::StatGroup> stats(const observe::StatSchema& schema, observe::StatName name);
  /// Groups whose names come from traffic. Outlives every filter.
  const std::shared_ptr<observe::DynamicStats>& dynamic_stats() const { return dynamic_stats_; }
  /// How many connections a listener has: those that it accepted under an earlier configuration count as well.
  std::shared_ptr<std::atomic<int64_t>> connections(const std::string& listener);
  Result<std::shared_ptr<observe::LogFile>> log_file(const std::string& path);
  /// Opens all log files again, after they were rotated away.
  void reopen_logs();
  /// Of the main loop, which outlives this. Made when a context from files asks for it.
  TlsReload& tls_reload(net::Loop& main_loop);

 private:
  observe::Registry& registry_;
  std::shared_ptr<observe::DynamicStats> dynamic_stats_ = std::make_shared<observe::DynamicStats>(registry_);
  Milliseconds log_flush_interval_{1'000};
  std::map<std::tuple<const observe::StatSchema*, std::string>, std::weak_ptr<observe::StatGroup>> groups_;
  std::map<std::string, std::weak_ptr<std::atomic<int64_t>>> connections_;
  std::map<std::string, std::weak_ptr<observe::LogFile>> logs_;
  std::unique_ptr<TlsReload> tls_reload_;
};

/// For the time of one compilation.
struct Compiler {
  SharedObjects& shared;
  const envoy::config::bootstrap::v3::Bootstrap& bootstrap;
  /// Of the command line, over the node of the file.
  std::string service_cluster, service_node, service_zone;
  /// Set by /healthcheck/fail; outlives the configuration.
  const std::atomic<bool>* health_checks_fail = nullptr;
  std::set<std::string, std::less<>> clusters{};  ///< names of the static clusters
  bool clusters_may_come = false;                 ///< of a control plane: a name that is not known is no mistake
  /// Of the connection manager being compiled: the full names of its filters' types, by the filters' names.
  std::map<std::string, std::string, std::less<>> http_filters{};
  bool outbound = false;              ///< traffic_direction of the listener being compiled
  bool inbound = false;               ///< likewise
  bool validate_clusters = true;      ///< of the route configuration being compiled
  net::Loop* main_loop = nullptr;     ///< null when the configuration is only validated
  DynamicSources* dynamic = nullptr;  ///< likewise
  AwaitedList awaited{};              ///< what the listener or cluster being compiled waits for
};

}  // namespace proa::config
