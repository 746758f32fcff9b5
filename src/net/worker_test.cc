#include "net/worker.h"

#include <gtest/gtest.h>

#include <semaphore>

namespace proa::net {
namespace {

TEST(Workers, for_each_runs_on_every_thread_and_tells_the_caller) {
  Loop home;
  Workers workers(3);
  std::atomic<int> runs{0};
  bool finished = false;
  workers.for_each(
      [&](Worker& worker) {
        EXPECT_TRUE(worker.on_this_thread());
        EXPECT_EQ(&Loop::current(), &worker.loop());
        ++runs;
      },
      [&] {
        EXPECT_EQ(runs, 3);
        finished = true;
        home.stop();
      });
  home.run();
  EXPECT_TRUE(finished);
}

TEST(Workers, stop_runs_what_was_posted_before) {
  Workers workers(2, true);
  std::atomic<int> runs{0};
  for (int i = 0; i < 100; ++i) workers[i % 2].post([&] { ++runs; });
  workers.stop();
  EXPECT_EQ(runs, 100);
}

TEST(Worker, a_turn_that_does_not_end_is_visible_to_others) {
  Worker worker(0, "stuck");
  std::binary_semaphore inside(0), leave(0);
  worker.post([&] {
    inside.release();
    leave.acquire();
  });
  inside.acquire();
  EXPECT_GE(worker.stuck_for(std::chrono::steady_clock::now() + std::chrono::seconds(60)), std::chrono::seconds(59));
  leave.release();
  worker.stop();
  EXPECT_EQ(worker.stuck_for(std::chrono::steady_clock::now()), Duration(0));
}

}  // namespace
}  // namespace proa::net
