#include <gtest/gtest.h>

#include "filters/all.h"
#include "filters/fake_exchange.h"

namespace proa::filters {
namespace {

using route::AppendAction;

/// A configuration that adds "x-seen: WHO" to both messages.
std::shared_ptr<HeaderMutationConfig> adds(std::string_view who) {
  auto config = std::make_shared<HeaderMutationConfig>();
  EXPECT_TRUE(config->request.add("x-seen", who));
  EXPECT_TRUE(config->response.add("x-seen", who));
  return config;
}

std::string seen(const http::HeaderList& headers) {
  std::string all;
  for (const http::Header& header : headers.all()) {
    if (header.name == "x-seen") all += (all.empty() ? "" : ",") + std::string(header.value);
  }
  return all;
}

struct HeaderMutationTest : testing::Test {
  /// The levels of a route, the most specific first.
  void levels(std::initializer_list<std::shared_ptr<const route::PerFilterConfig>> configs) {
    for (const auto& config : configs) {
      route::PerFilter level;
      level.set("under.test", config);
      route.per_filter.inherit(level);
    }
    x.matched = &route;
  }
  std::string response() {
    http::ResponseHead head(x.memory);
    x.response_head(head);
    return seen(head.headers);
  }
  route::Route route;
  FakeExchange x{make_header_mutation(adds("filter"))};
};

TEST_F(HeaderMutationTest, changes_both_messages) {
  EXPECT_EQ(x.request_head(), Verdict::kContinue);
  EXPECT_EQ(seen(x.head.headers), "filter");
  EXPECT_EQ(response(), "filter");
}

TEST_F(HeaderMutationTest, steps_are_done_in_order) {
  auto config = std::make_shared<HeaderMutationConfig>();
  EXPECT_TRUE(config->request.add("x-a", "1"));
  route::HeaderOps removal, again;
  EXPECT_TRUE(removal.remove("x-a"));
  EXPECT_TRUE(again.add("x-a", "2"));
  config->request.append(removal);
  config->request.append(again);
  FakeExchange y(make_header_mutation(config));
  y.head.headers.add("x-a", "0");
  y.request_head();
  ASSERT_TRUE(y.head.headers.find("x-a"));
  EXPECT_EQ(y.head.headers.find("x-a")->value, "2");
}

TEST_F(HeaderMutationTest, values_are_formatted) {
  auto config = std::make_shared<HeaderMutationConfig>();
  EXPECT_TRUE(config->request.add("x-path", "%REQ(:PATH)%"));
  FakeExchange y(make_header_mutation(config));
  y.head.path = "/p";
  y.request_head();
  EXPECT_EQ(y.head.headers.find("x-path")->value, "/p");
}

TEST_F(HeaderMutationTest, every_level_has_its_say_the_most_specific_first) {
  levels({adds("route"), adds("host"), adds("table")});
  x.request_head();
  EXPECT_EQ(seen(x.head.headers), "filter,route,host,table");
  EXPECT_EQ(response(), "filter,route,host,table");
}

TEST_F(HeaderMutationTest, so_the_outermost_level_overwrites) {
  auto table = std::make_shared<HeaderMutationConfig>();
  EXPECT_TRUE(table->response.add("x-seen", "table", AppendAction::kOverwriteIfExistsOrAdd));
  levels({adds("route"), table});
  x.request_head();
  EXPECT_EQ(response(), "table");
}

TEST_F(HeaderMutationTest, a_level_that_only_turns_it_on_adds_nothing) {
  levels({std::make_shared<route::PerFilterConfig>(), adds("host")});
  x.request_head();
  EXPECT_EQ(seen(x.head.headers), "filter,host");
}

}  // namespace
}  // namespace proa::filters
