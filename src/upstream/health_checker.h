// Active health checks of a cluster's hosts, on the main loop.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "upstream/cluster.h"

namespace proa::upstream {

class HostCheck;
class EventLog;

/// Main thread. One HostCheck for each host and configured check; destroying it ends them all. A host is healthy
/// when none of its checks says otherwise.
class HealthChecker {
 public:
  explicit HealthChecker(Cluster& cluster);
  ~HealthChecker();

  /// The cluster has published hosts: checks start for new ones and end for those that are gone.
  void hosts_changed();

 private:
  friend class HostCheck;
  void first_result();
  void passed(HostCheck& check, bool degraded);
  void failed(HostCheck& check);
  void count_healthy(int change);

  Cluster& cluster_;
  std::unordered_map<Host*, std::vector<std::unique_ptr<HostCheck>>> checks_;
  std::shared_ptr<EventLog> log_;
  size_t without_result_ = 0;
  bool first_round_done_ = false;
};

}  // namespace proa::upstream
