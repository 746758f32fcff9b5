// Ejects hosts that answer worse than the others. Workers count in atomics; the main loop judges.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/timer.h"
#include "upstream/cluster.h"

namespace proa::upstream {

class EventLog;

/// report() is for any thread; everything else for the main loop's.
///
/// A row of consecutive errors ejects at once (a post to the main loop); success rates and failure percentages are
/// judged every interval, when ejected hosts also come back: base time x number of ejections, at most
/// max_ejection_time. The number falls again by one with each interval in good order.
class OutlierDetector {
 public:
  explicit OutlierDetector(Cluster& cluster);
  ~OutlierDetector();

  void report(Host& host, Outcome outcome);

  void start();
  void stop();
  /// The cluster has new hosts.
  void hosts_changed();
  /// An active health check of an ejected host succeeded.
  void health_check_passed(Host& host);
  /// Hosts that are ejected now.
  size_t ejected() const { return ejected_; }
  uint32_t ejections_of(const Host& host) const;

 private:
  enum class Cause : uint8_t {
    kConsecutive5xx,
    kConsecutiveGateway,
    kConsecutiveLocal,
    kSuccessRate,
    kLocalSuccessRate,
    kFailurePercentage,
    kLocalFailurePercentage
  };
  struct State {
    HostRef host;
    MonoTime ejected_at{};
    WallTime changed_at{};
    uint32_t ejections = 0;  ///< how often; the length of the next ejection grows with it
    uint32_t times = 0;      ///< in total, for the log
    Milliseconds jitter{0};
    bool ejected = false;
  };
  struct Rate {
    State* state;
    double success;  // percent
    uint32_t volume;
  };

  void tripped(HostRef host, Cause cause);
  void on_interval();
  void judge(bool local);
  void eject(State& state, Cause cause, double rate, double average, double threshold);
  bool may_eject_one_more() const;
  void uneject(State& state);
  uint32_t enforcing(Cause cause) const;
  void log_ejection(const State& state, Cause cause, bool enforced, double rate, double average, double threshold);
  void log_return(const State& state);
  Milliseconds ejection_time(const State& state) const;

  Cluster& cluster_;
  const OutlierSpec& spec_;
  std::unique_ptr<net::Timer> timer_;  // only while started: the detector may die on a worker's thread
  std::unordered_map<Host*, State> hosts_;
  size_t ejected_ = 0;
  std::shared_ptr<EventLog> log_;
  bool started_ = false;
};

}  // namespace proa::upstream
