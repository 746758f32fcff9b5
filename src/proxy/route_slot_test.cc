#include "proxy/route_slot.h"

#include <gtest/gtest.h>

namespace proa::proxy {
namespace {

RouteSlot::Table table() { return *route::RouteTable::make({}); }

TEST(RouteSlot, a_view_follows_replacements) {
  auto slot = std::make_shared<RouteSlot>(table());
  RouteView view;
  const RouteSlot::Table first = view.of(slot);
  EXPECT_EQ(first.get(), slot->current().get());
  EXPECT_EQ(view.of(slot), first) << "the same pointer, with its own count, until the table is replaced";
  slot->replace(table());
  EXPECT_NE(view.of(slot).get(), first.get());
  EXPECT_EQ(view.of(slot).get(), slot->current().get());
}

TEST(RouteSlot, a_view_follows_to_another_slot) {
  auto one = std::make_shared<RouteSlot>(table());
  auto other = std::make_shared<RouteSlot>(table());
  RouteView view;
  view.of(one);
  EXPECT_EQ(view.of(other).get(), other->current().get());
}

TEST(RouteSlot, requests_keep_the_table_they_began_with) {
  auto slot = std::make_shared<RouteSlot>(table());
  const std::weak_ptr<const route::RouteTable> old = slot->current();
  RouteView view;
  RouteSlot::Table request = view.of(slot);
  slot->replace(table());
  view.of(slot);
  EXPECT_FALSE(old.expired());
  request.reset();
  EXPECT_TRUE(old.expired());
}

}  // namespace
}  // namespace proa::proxy
