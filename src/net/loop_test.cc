#include "net/loop.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <string>
#include <thread>

#include "net/test_loop.h"

namespace proa::net {
namespace {

struct Counter : EventSource {
  void on_events(uint32_t) override {
    ++events;
    if (then) then();
  }
  int events = 0;
  std::function<void()> then;
};

struct Hook : EndOfTurn {
  explicit Hook(std::function<void()> f) : f(std::move(f)) {}
  void run() override { f(); }
  std::function<void()> f;
};

struct Mark : Deferred {
  Mark(std::string& log) : log(log) {}
  ~Mark() override { log += 'x'; }
  std::string& log;
};

TEST(Loop, runs_a_turn_in_its_order) {
  TestLoop loop;
  std::string log;
  Hook hook([&] { log += 'h'; });
  loop->post([&] {
    log += 'p';
    loop->end_of_turn(hook);
    loop->end_of_turn(hook);
    loop->defer_delete(std::make_unique<Mark>(log));
  });
  loop->run_once(Milliseconds(0));
  EXPECT_EQ(log, "phx");
}

TEST(Loop, posts_from_another_thread_wake_it) {
  Loop loop;
  std::thread other([&] { loop.post([&] { loop.stop(); }); });
  loop.run();
  other.join();
}

TEST(Loop, clocks_stand_still_within_a_turn) {
  TestLoop loop;
  loop->post([&] {
    MonoTime before = loop->now();
    WallTime wall = loop->wall_now();
    loop.clock().advance(std::chrono::seconds(5));
    EXPECT_EQ(loop->now(), before);
    EXPECT_EQ(loop->wall_now(), wall);
  });
  MonoTime start = loop->now();
  loop->run_once(Milliseconds(0));
  loop->run_once(Milliseconds(0));
  EXPECT_EQ(loop->now() - start, std::chrono::seconds(5));
}

TEST(Loop, an_unwatched_source_hears_nothing_of_the_same_turn) {
  TestLoop loop;
  Fd a(::eventfd(1, EFD_NONBLOCK)), b(::eventfd(1, EFD_NONBLOCK));
  Counter first, second;
  WatchId id_a = *loop->watch(a.get(), EPOLLIN | EPOLLET, first);
  WatchId id_b = *loop->watch(b.get(), EPOLLIN | EPOLLET, second);
  first.then = [&] { loop->unwatch(b.get(), id_b); };
  second.then = [&] { loop->unwatch(a.get(), id_a); };
  loop.settle();
  EXPECT_EQ(first.events + second.events, 1);
}

TEST(Loop, a_stale_id_never_reaches_the_new_source_of_its_slot) {
  TestLoop loop;
  Fd a(::eventfd(0, EFD_NONBLOCK)), b(::eventfd(0, EFD_NONBLOCK));
  Counter first, second;
  WatchId old = *loop->watch(a.get(), EPOLLIN, first);
  loop->unwatch(a.get(), old);
  WatchId now = *loop->watch(b.get(), EPOLLIN | EPOLLET, second);
  EXPECT_EQ(old.slot, now.slot);
  loop->unwatch(b.get(), old);  // does nothing
  ::eventfd_write(b.get(), 1);
  loop.settle();
  EXPECT_EQ(second.events, 1);
}

TEST(Loop, watch_reports_the_kernels_refusal) {
  TestLoop loop;
  Counter source;
  EXPECT_FALSE(loop->watch(-1, EPOLLIN, source).has_value());
}

TEST(Loop, hooks_that_ask_again_do_not_starve_the_loop) {
  TestLoop loop;
  int runs = 0;
  Hook hook([] {});
  hook.f = [&] {
    if (++runs < 100) loop->end_of_turn(hook);
  };
  loop->end_of_turn(hook);
  loop->run_once(Milliseconds(1000));
  EXPECT_LT(runs, 100);
  loop.settle(100);
  EXPECT_EQ(runs, 100);
  EXPECT_EQ(loop.clock().elapsed(), Duration(0));
}

TEST(Loop, current_is_the_one_whose_turn_it_is) {
  TestLoop a, b;
  EXPECT_EQ(&Loop::current(), &*b);
  a->post([&] { EXPECT_EQ(&Loop::current(), &*a); });
  a->run_once(Milliseconds(0));
  EXPECT_EQ(&Loop::current(), &*b);
}

TEST(Loop, destroys_what_was_posted_and_never_ran) {
  auto token = std::make_shared<int>(1);
  {
    TestLoop loop;
    loop->post([token] {});
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace proa::net
