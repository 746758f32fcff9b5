#include "config/watchdog_compile.h"

#include <gtest/gtest.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

struct WatchdogCompile : CompileTest {
  proxy::Snapshot compile(std::string_view yaml) {
    proxy::Snapshot to;
    compile_watchdogs(read<envoy::config::bootstrap::v3::Bootstrap>(yaml), to, at);
    return to;
  }
};

TEST_F(WatchdogCompile, defaults) {
  const proxy::Snapshot to = compile("{}");
  for (const proxy::WatchdogLimits& limits : {to.main_watchdog, to.worker_watchdog}) {
    EXPECT_EQ(limits.miss, Milliseconds(200));
    EXPECT_EQ(limits.megamiss, Milliseconds(1000));
    EXPECT_EQ(limits.kill, Milliseconds(0));
    EXPECT_EQ(limits.multikill, Milliseconds(0));
  }
}

TEST_F(WatchdogCompile, each_kind_of_thread_has_its_own) {
  const proxy::Snapshot to = compile(
      "{watchdogs: {main_thread_watchdog: {miss_timeout: 0.05s}, worker_watchdog: {megamiss_timeout: 3s, kill_timeout: "
      "10s, multikill_timeout: 5s, multikill_threshold: {value: 40}}}}");
  EXPECT_EQ(to.main_watchdog.miss, Milliseconds(50));
  EXPECT_EQ(to.worker_watchdog.miss, Milliseconds(200));
  EXPECT_EQ(to.worker_watchdog.megamiss, Milliseconds(3000));
  EXPECT_EQ(to.worker_watchdog.kill, Milliseconds(10'000));
  EXPECT_EQ(to.worker_watchdog.multikill, Milliseconds(5000));
  EXPECT_DOUBLE_EQ(to.worker_watchdog.multikill_share, 0.4);
}

TEST_F(WatchdogCompile, the_deprecated_form_is_for_both) {
  const proxy::Snapshot to = compile("{watchdog: {miss_timeout: 1s}}");
  EXPECT_EQ(to.main_watchdog.miss, Milliseconds(1000));
  EXPECT_EQ(to.worker_watchdog.miss, Milliseconds(1000));
}

TEST_F(WatchdogCompile, jitter_only_makes_the_kill_later) {
  const proxy::Snapshot to = compile(
      "{watchdogs: {worker_watchdog: {kill_timeout: 1s, max_kill_timeout_jitter: 0.5s}, main_thread_watchdog: "
      "{max_kill_timeout_jitter: 1s}}}");
  EXPECT_GE(to.worker_watchdog.kill, Milliseconds(1000));
  EXPECT_LE(to.worker_watchdog.kill, Milliseconds(1500));
  EXPECT_EQ(to.main_watchdog.kill, Milliseconds(0)) << "which is off";
}

TEST_F(WatchdogCompile, both_forms_are_refused) {
  compile("{watchdog: {}, watchdogs: {}}");
  ASSERT_EQ(problems.all().size(), 1U);
  EXPECT_EQ(problems.all()[0].path, "watchdog");
}

}  // namespace
}  // namespace proa::config
