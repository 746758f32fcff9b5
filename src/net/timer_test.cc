#include "net/timer.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "net/test_loop.h"

namespace proa::net {
namespace {

struct Probe {
  explicit Probe(std::vector<int>& log, int name) : log(log), name(name) {}
  void fire() {
    log.push_back(name);
    if (then) then();
  }
  std::vector<int>& log;
  int name;
  std::function<void()> then;
  Timer timer{Timer::of<&Probe::fire>(this)};
};

TEST(Timer, fires_in_order) {
  TestLoop loop;
  std::vector<int> log;
  Probe a(log, 1), b(log, 2), c(log, 3);
  c.timer.start(loop, Milliseconds(5000));
  a.timer.start(loop, Milliseconds(3));
  b.timer.start(loop, Milliseconds(70));
  loop.run_for(Milliseconds(2));
  EXPECT_TRUE(log.empty());
  loop.run_for(Milliseconds(6000));
  EXPECT_EQ(log, (std::vector<int>{1, 2, 3}));
  EXPECT_FALSE(a.timer.active());
}

TEST(Timer, never_fires_early_and_at_most_one_tick_late) {
  TestLoop loop;
  std::mt19937 random(7);
  struct Exact {
    TestLoop& loop;
    MonoTime due;
    int fired = 0;
    Timer timer{Timer::of<&Exact::fire>(this)};
    void fire() {
      ++fired;
      EXPECT_GE(loop->now(), due);
      EXPECT_LE(loop->now(), due + Milliseconds(1));
    }
  };
  std::vector<std::unique_ptr<Exact>> all;
  for (int i = 0; i < 2000; ++i) {
    auto exact = std::make_unique<Exact>(loop);
    Milliseconds delay(random() % (1U << (random() % 24)));
    exact->due = loop->now() + delay;
    exact->timer.start(loop, delay);
    all.push_back(std::move(exact));
    if (i % 10 == 0) loop.run_for(Milliseconds(random() % 50));
  }
  loop.run_for(Milliseconds(1 << 25));
  for (auto& exact : all) EXPECT_EQ(exact->fired, 1);
}

TEST(Timer, restart_moves_the_deadline_later_or_earlier) {
  TestLoop loop;
  std::vector<int> log;
  Probe a(log, 1);
  a.timer.start(loop, Milliseconds(100));
  for (int i = 0; i < 10; ++i) {
    loop.run_for(Milliseconds(60));
    a.timer.start(loop, Milliseconds(100));
  }
  EXPECT_TRUE(log.empty());
  a.timer.start(loop, Milliseconds(10));
  loop.run_for(Milliseconds(12));
  EXPECT_EQ(log.size(), 1U);
}

TEST(Timer, stopped_or_never_does_not_fire) {
  TestLoop loop;
  std::vector<int> log;
  Probe a(log, 1), b(log, 2);
  a.timer.start(loop, Milliseconds(10));
  a.timer.stop();
  b.timer.start(loop, Milliseconds(10));
  b.timer.start(loop, kNever);
  loop.run_for(Milliseconds(100));
  EXPECT_TRUE(log.empty());
}

TEST(Timer, callback_may_restart_itself_and_stop_or_destroy_others) {
  TestLoop loop;
  std::vector<int> log;
  Probe a(log, 1), b(log, 2);
  auto c = std::make_unique<Probe>(log, 3);
  a.then = [&] {
    if (log.size() < 3) a.timer.start(loop, Milliseconds(0));
    b.timer.stop();
    c.reset();
  };
  a.timer.start(loop, Milliseconds(5));
  b.timer.start(loop, Milliseconds(5));
  c->timer.start(loop, Milliseconds(5));
  loop.run_for(Milliseconds(50));
  EXPECT_EQ(log, (std::vector<int>{1, 1, 1}));
}

TEST(Timer, may_destroy_its_own_object) {
  TestLoop loop;
  std::vector<int> log;
  auto a = std::make_unique<Probe>(log, 1);
  a->then = [&] { a.reset(); };
  a->timer.start(loop, Milliseconds(1));
  loop.run_for(Milliseconds(5));
  EXPECT_FALSE(a);
}

TEST(Timer, delays_beyond_the_wheel_wait_their_time) {
  TestLoop loop;
  std::vector<int> log;
  Probe a(log, 1);
  a.timer.start(loop, std::chrono::hours(24 * 365 * 5));
  loop.run_for(std::chrono::hours(24 * 365 * 5) - Milliseconds(5));
  EXPECT_TRUE(log.empty());
  loop.run_for(Milliseconds(10));
  EXPECT_EQ(log.size(), 1U);
}

TEST(Timer, may_outlive_its_loop) {
  std::vector<int> log;
  Probe a(log, 1);
  {
    TestLoop loop;
    a.timer.start(loop, Milliseconds(10));
  }
  EXPECT_FALSE(a.timer.active());
  TestLoop other;
  a.timer.start(other, Milliseconds(10));
  other.run_for(Milliseconds(20));
  EXPECT_EQ(log.size(), 1U);
}

}  // namespace
}  // namespace proa::net
