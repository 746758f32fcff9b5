// Outlier detection of a cluster: plain configuration (cluster.v3.OutlierDetection). Percentages are 0 to 100.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace proa::upstream {

struct OutlierSpec {
  uint32_t consecutive_5xx = 5;
  uint32_t enforcing_consecutive_5xx = 100;
  uint32_t consecutive_gateway_failure = 5;
  uint32_t enforcing_consecutive_gateway_failure = 0;
  /// Local origin: connect failures, time-outs, resets; else they count as 5xx.
  bool split_external_local_origin_errors = false;
  uint32_t consecutive_local_origin_failure = 5;
  uint32_t enforcing_consecutive_local_origin_failure = 100;

  Milliseconds interval{10'000};
  Milliseconds base_ejection_time{30'000};
  Milliseconds max_ejection_time{300'000};
  Milliseconds max_ejection_time_jitter{0};
  uint32_t max_ejection_percent = 10;
  bool always_eject_one_host = false;
  bool successful_active_health_check_uneject_host = true;

  uint32_t success_rate_minimum_hosts = 5;
  uint32_t success_rate_request_volume = 100;
  uint32_t success_rate_stdev_factor = 1900;  ///< thousandths
  uint32_t enforcing_success_rate = 100;
  uint32_t enforcing_local_origin_success_rate = 100;

  uint32_t failure_percentage_threshold = 85;
  uint32_t enforcing_failure_percentage = 0;
  uint32_t enforcing_failure_percentage_local_origin = 0;
  uint32_t failure_percentage_minimum_hosts = 5;
  uint32_t failure_percentage_request_volume = 50;

  std::string event_log_path;  ///< JSON lines; empty: none
};

}  // namespace proa::upstream
