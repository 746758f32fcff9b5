// The checks of one host by one configured health check: when, and what their results mean.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/timer.h"
#include "upstream/health_checker.h"

namespace proa::upstream {

enum class ProbeResult : uint8_t {
  kPass,
  kDegraded,
  kFail,     ///< counts against unhealthy_threshold
  kFailNow,  ///< unhealthy at once: the host has answered, and its answer is no
  kNetwork,  ///< no answer: time-out, connection failure; counts against the threshold
};

/// One way to ask a host. Main thread; owned by its HostCheck.
class Probe {
 public:
  virtual ~Probe() = default;
  /// Asks once; HostCheck::result() follows, never within this call.
  virtual void start() = 0;
  /// Gives up the question under way; no result comes.
  virtual void cancel() = 0;
};

///   start --initial jitter--> asking --result--> waiting --interval--> asking ...
class HostCheck {
 public:
  HostCheck(HealthChecker& checker, HostRef host, const HealthCheckSpec& spec);
  ~HostCheck();

  void start();
  void result(ProbeResult result, std::string_view details);

  Host& host() { return *host_; }
  const HealthCheckSpec& spec() const { return spec_; }
  Cluster& cluster() { return checker_.cluster_; }
  net::Loop& loop();
  /// Where to ask: the endpoint's health check address and port, else the cluster's alternative port.
  net::Address address() const;
  /// The host name to ask for.
  std::string host_name() const;

 private:
  enum class Change : uint8_t { kNone, kPending, kDone };
  void ask();
  void on_timeout();
  Change handle_pass(bool degraded);
  Change handle_failure(bool at_once);
  Milliseconds next_interval(bool passed, Change change) const;
  void log_event(std::string_view event, std::string_view details);

  HealthChecker& checker_;
  HostRef host_;
  const HealthCheckSpec& spec_;
  std::unique_ptr<Probe> probe_;
  net::Timer interval_timer_;
  net::Timer timeout_timer_;
  uint32_t passes_ = 0;
  uint32_t failures_ = 0;
  bool first_ = true;
  bool asking_ = false;
  bool failed_ = true;  // this check's own verdict
  friend class HealthChecker;
};

std::unique_ptr<Probe> make_probe(HostCheck& check);

}  // namespace proa::upstream
