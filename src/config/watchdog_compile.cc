#include "config/watchdog_compile.h"

#include <random>

#include "config/supported.h"
#include "config/values.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

namespace proa::config {

namespace bv3 = envoy::config::bootstrap::v3;

namespace {

proxy::WatchdogLimits compile_watchdog(const bv3::Watchdog& from) {
  proxy::WatchdogLimits to;
  if (from.has_miss_timeout()) to.miss = milliseconds(from.miss_timeout());
  if (from.has_megamiss_timeout()) to.megamiss = milliseconds(from.megamiss_timeout());
  to.kill = milliseconds(from.kill_timeout());
  // A fleet that hangs for one reason is not to die at one moment.
  if (auto jitter = milliseconds(from.max_kill_timeout_jitter()); jitter.count() > 0 && to.kill.count() > 0) {
    std::random_device device;
    to.kill += Milliseconds(std::uniform_int_distribution<int64_t>(0, jitter.count())(device));
  }
  to.multikill = milliseconds(from.multikill_timeout());
  to.multikill_share = from.multikill_threshold().value() / 100;
  return to;
}

}  // namespace

void compile_watchdogs(const bv3::Bootstrap& from, proxy::Snapshot& to, const Site& at) {
  if (from.has_watchdog() && from.has_watchdogs()) {
    return (at / "watchdog").error("stands beside watchdogs, which it would contradict", "keep watchdogs");
  }
  const bool single = from.has_watchdog();
  to.main_watchdog = compile_watchdog(single ? from.watchdog() : from.watchdogs().main_thread_watchdog());
  to.worker_watchdog = compile_watchdog(single ? from.watchdog() : from.watchdogs().worker_watchdog());
}

void add_watchdog_fields(SupportedTable& table) {
  table.add(supported<bv3::Watchdogs>({"main_thread_watchdog", "worker_watchdog"}));
  table.add(supported<bv3::Watchdog>({"miss_timeout", "megamiss_timeout", "kill_timeout", "max_kill_timeout_jitter",
                                      "multikill_timeout", "multikill_threshold"}));
}

}  // namespace proa::config
