#include "proxy/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "net/test_loop.h"
#include "observe/stats_text.h"

namespace proa::proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct WatchdogTest : testing::Test {
  void make(WatchdogLimits limits, Watchdog::Kind kind = Watchdog::Kind::kWorkers) {
    dog = std::make_unique<Watchdog>(registry, kind, limits,
                                     [this](const std::string& reason) { killed.push_back(reason); });
    dog->watch("worker_0", *first);
    dog->watch("worker_1", *second);
  }
  /// A turn of `loop`, in which the watchdog looks after each of `after`, from the turn's begin.
  void turn(net::TestLoop& loop, std::initializer_list<int> after) {
    loop->post([&] {
      for (int ms : after) dog->check(loop->now() + Milliseconds(ms));
    });
    loop->run_once(Milliseconds(0));
  }
  /// All counters that are not 0.
  std::string counted() const {
    std::string text;
    observe::write_stats_text(registry, {.used_only = true}, text);
    return text;
  }

  observe::Registry registry;
  net::TestLoop first, second;
  std::unique_ptr<Watchdog> dog;
  std::vector<std::string> killed;
};

TEST_F(WatchdogTest, a_long_turn_is_counted_once) {
  make({});
  turn(first, {100, 200, 201, 400, 900});
  EXPECT_EQ(counted(), "server.worker_0.watchdog_miss: 1\nworkers.watchdog_miss: 1\n");
  turn(second, {1001, 5000});
  EXPECT_EQ(counted(),
            "server.worker_0.watchdog_miss: 1\n"
            "server.worker_1.watchdog_mega_miss: 1\nserver.worker_1.watchdog_miss: 1\n"
            "workers.watchdog_mega_miss: 1\nworkers.watchdog_miss: 2\n");
  EXPECT_THAT(killed, IsEmpty()) << "off unless it is configured";
}

TEST_F(WatchdogTest, the_next_long_turn_is_counted_again) {
  make({});
  turn(first, {300});
  first.clock().advance(std::chrono::seconds(1));
  turn(first, {300});
  EXPECT_EQ(counted(), "server.worker_0.watchdog_miss: 2\nworkers.watchdog_miss: 2\n");
}

TEST_F(WatchdogTest, the_main_thread_has_its_own_names) {
  dog = std::make_unique<Watchdog>(registry, Watchdog::Kind::kMainThread, WatchdogLimits{}, nullptr);
  dog->watch("main_thread", *first);
  turn(first, {300});
  EXPECT_EQ(counted(), "main_thread.watchdog_miss: 1\nserver.main_thread.watchdog_miss: 1\n");
}

TEST_F(WatchdogTest, prometheus_tells_workers_apart_by_a_tag) {
  make({});
  std::string text;
  observe::write_stats_prometheus(registry, {.filter = [](std::string_view name) { return name.ends_with("g_miss"); }},
                                  text);
  EXPECT_EQ(text,
            "# TYPE envoy_server_worker_watchdog_miss counter\n"
            "envoy_server_worker_watchdog_miss{envoy_worker_id=\"0\"} 0\n"
            "envoy_server_worker_watchdog_miss{envoy_worker_id=\"1\"} 0\n"
            "# TYPE envoy_workers_watchdog_miss counter\nenvoy_workers_watchdog_miss{} 0\n");
}

TEST_F(WatchdogTest, a_loop_that_waits_is_not_late) {
  make({.kill = Milliseconds(1)});
  first->run_once(Milliseconds(0));
  dog->check(first->now() + std::chrono::hours(1));
  EXPECT_EQ(counted(), "");
  EXPECT_THAT(killed, IsEmpty());
}

TEST_F(WatchdogTest, kill) {
  make({.miss = Milliseconds(0), .megamiss = Milliseconds(0), .kill = Milliseconds(5000)});
  turn(second, {5000});
  EXPECT_THAT(killed, IsEmpty());
  turn(second, {5001});
  EXPECT_THAT(killed, ElementsAre(HasSubstr("worker_1 hangs for more than kill_timeout, 5000 ms")));
  EXPECT_EQ(counted(), "") << "limits of 0 are off";
}

TEST_F(WatchdogTest, multikill_wants_two_at_the_same_time) {
  make({.multikill = Milliseconds(3000)});
  turn(first, {9000});
  turn(second, {9000});
  EXPECT_THAT(killed, IsEmpty());
  first->post([&] { turn(second, {2000, 9000}); });
  first->run_once(Milliseconds(0));
  EXPECT_THAT(killed, ElementsAre("2 threads hang for more than multikill_timeout, 3000 ms"));
}

TEST_F(WatchdogTest, multikill_share_of_the_threads) {
  make({.multikill = Milliseconds(3000), .multikill_share = 0.61});
  net::TestLoop third, fourth;
  dog->watch("worker_2", *third);
  dog->watch("worker_3", *fourth);  // 0.61 of four are three
  first->post([&] {
    second->post([&] {
      dog->check(second->now() + Milliseconds(3001));
      EXPECT_THAT(killed, IsEmpty());
      turn(third, {3001});
    });
    second->run_once(Milliseconds(0));
  });
  first->run_once(Milliseconds(0));
  EXPECT_THAT(killed, ElementsAre(HasSubstr("3 threads hang")));
}

}  // namespace
}  // namespace proa::proxy
