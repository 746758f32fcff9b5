#include "base/awaited.h"

#include <gtest/gtest.h>

namespace proa {
namespace {

TEST(Awaited, tells_those_that_wait_once) {
  Awaited routes;
  int told = 0;
  routes.when_arrived([&] { ++told; });
  EXPECT_FALSE(routes.arrived());
  routes.arrive();
  EXPECT_TRUE(routes.arrived());
  routes.arrive();
  EXPECT_EQ(told, 1);
}

TEST(Awaited, all_of_a_list_in_any_order) {
  const AwaitedList list{std::make_shared<Awaited>(), std::make_shared<Awaited>(), std::make_shared<Awaited>()};
  int told = 0;
  when_all_arrived(list, [&] { ++told; });
  list[1]->arrive();
  list[2]->arrive();
  EXPECT_FALSE(all_arrived(list));
  EXPECT_EQ(told, 0);
  list[0]->arrive();
  EXPECT_TRUE(all_arrived(list));
  EXPECT_EQ(told, 1);
}

TEST(Awaited, nothing_to_wait_for_is_there_at_once) {
  int told = 0;
  when_all_arrived({}, [&] { ++told; });
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace proa
