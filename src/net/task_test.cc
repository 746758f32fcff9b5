#include "net/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace proa::net {
namespace {

struct Guard {
  explicit Guard(int& alive) : alive(alive) { ++alive; }
  ~Guard() { --alive; }
  int& alive;
};

Task<int> add(Event<int>& a, Event<int>& b) {
  int first = co_await a;
  int second = co_await b;
  co_return first + second;
}

Task<int> twice(Event<int>& a, Event<int>& b) {
  auto step = add(a, b);
  int once = co_await step;
  co_return once * 2;
}

Detached run(Event<int>& a, Event<int>& b, int& out) {
  auto step = twice(a, b);
  out = co_await step;
}

TEST(Task, nested_steps_wait_for_events_in_any_order) {
  Event<int> a, b;
  int out = 0;
  run(a, b, out);
  EXPECT_TRUE(a.waiting());
  b.set(2);
  EXPECT_EQ(out, 0);
  a.set(1);
  EXPECT_EQ(out, 6);
  EXPECT_FALSE(b.is_set());
}

Task<> hold(Event<int>& event, int& alive) {
  Guard guard(alive);
  (void)co_await event;
}

Task<> hold_outer(Event<int>& event, int& alive) {
  Guard guard(alive);
  auto step = hold(event, alive);
  co_await step;
}

TEST(Task, destroying_it_cancels_every_step) {
  Event<int> event;
  int alive = 0;
  {
    auto task = hold_outer(event, alive);
    EXPECT_EQ(alive, 0);
    task.start();
    EXPECT_EQ(alive, 2);
  }
  EXPECT_EQ(alive, 0);
  event.forget();
  event.set(1);
}

TEST(Task, done_tells_of_the_end) {
  Event<int> event;
  int alive = 0;
  auto task = hold(event, alive);
  task.start();
  EXPECT_FALSE(task.done());
  event.set(1);
  EXPECT_TRUE(task.done());
  EXPECT_EQ(alive, 0);
}

Task<std::unique_ptr<int>> make(int value) { co_return std::make_unique<int>(value); }

Task<int> sum(int count) {
  int out = 0;
  for (int i = 0; i < count; ++i) {
    auto step = make(i);
    auto value = co_await step;
    out += *value % 7;
  }
  co_return out;
}

TEST(Task, many_ready_steps_need_no_stack_and_values_may_be_move_only) {
  auto task = sum(100000);
  task.start();
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.await_resume(), 299995);
}

struct Exchange {
  Arena memory;
  Arena& arena() { return memory; }
  Event<int> event;
  std::string log;
  Detached serve(std::string name) {
    log += name;
    int value = co_await event;
    log += std::to_string(value);
  }
};

TEST(Task, frames_of_a_member_come_from_its_arena) {
  Exchange exchange;
  exchange.serve("request ");
  EXPECT_GT(exchange.memory.capacity(), 0U);
  exchange.event.set(7);
  EXPECT_EQ(exchange.log, "request 7");
}

// Not inlined, or clang finds that the frame needs no memory of its own.
[[gnu::noinline]] Detached with_arena(Arena&, Event<int>& event, int& out) { out = co_await event; }
[[gnu::noinline]] Task<int> with_lender(Exchange& exchange) {
  int value = co_await exchange.event;
  co_return value;
}

TEST(Task, frames_of_a_free_function_come_from_its_first_argument) {
  Arena arena;
  Event<int> event;
  int out = 0;
  with_arena(arena, event, out);
  EXPECT_GT(arena.capacity(), 0U);
  event.set(3);
  EXPECT_EQ(out, 3);
  Exchange exchange;
  auto task = with_lender(exchange);
  task.start();
  EXPECT_GT(exchange.memory.capacity(), 0U);
  exchange.event.set(4);
  EXPECT_TRUE(task.done());
}

}  // namespace
}  // namespace proa::net
