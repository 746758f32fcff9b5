#include "base/list.h"

#include <gtest/gtest.h>

#include <vector>

namespace proa {
namespace {

struct Item : ListLink<> {
  explicit Item(int n) : number(n) {}
  int number;
};

std::vector<int> numbers(List<Item>& list) {
  std::vector<int> all;
  list.for_each([&](Item& item) { all.push_back(item.number); });
  return all;
}

TEST(List, an_item_that_is_linked_moves_also_when_it_is_at_that_end) {
  Item a(1), b(2);
  List<Item> list;
  list.push_back(a);
  list.push_back(b);
  list.push_back(b);
  EXPECT_EQ(numbers(list), (std::vector{1, 2}));
  list.push_front(a);
  EXPECT_EQ(numbers(list), (std::vector{1, 2}));
  list.push_back(a);
  EXPECT_EQ(numbers(list), (std::vector{2, 1}));
}

TEST(List, a_destroyed_item_unlinks_itself) {
  List<Item> list;
  {
    Item a(1);
    list.push_back(a);
  }
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace proa
