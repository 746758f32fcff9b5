#include "observe/dynamic_stats.h"

#include <gtest/gtest.h>

#include <thread>

#include "observe/registry.h"
#include "observe/stats_text.h"

namespace proa::observe {
namespace {

constexpr StatDef kStats[] = {{"requests_total"}};
const StatSchema kSchema{"istiocustom", kStats, {}, "istio"};
const StatSchema kOther{"other", kStats};

TEST(DynamicStats, one_name_is_one_group_for_all_threads) {
  Registry registry;
  DynamicStats stats(registry);
  int asked = 0;
  auto tags = [&]() -> StatTags {
    ++asked;
    return {{"reporter", "source"}};
  };
  StatGroup* one = stats.find(kSchema, "a", tags);
  one->add(0);
  std::thread([&] {
    EXPECT_EQ(stats.find(kSchema, "a", tags), one);
    stats.find(kSchema, "a", tags)->add(0);
  }).join();
  EXPECT_EQ(stats.find(kSchema, "a", tags), one);
  EXPECT_NE(stats.find(kSchema, "b", tags), one);
  EXPECT_NE(stats.find(kOther, "a", tags), one);
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(one->value(0), 2);
}

TEST(DynamicStats, has_a_limit) {
  Registry registry;
  DynamicStats stats(registry, 2);
  auto none = [] { return StatTags(); };
  ASSERT_TRUE(stats.find(kSchema, "a", none) && stats.find(kSchema, "b", none));
  EXPECT_FALSE(stats.find(kSchema, "c", none));
  EXPECT_TRUE(stats.find(kSchema, "b", none));
}

TEST(DynamicStats, objects_do_not_mix) {
  Registry registry;
  DynamicStats one(registry), two(registry);
  auto none = [] { return StatTags(); };
  StatGroup* of_one = one.find(kSchema, "a", none);
  EXPECT_NE(two.find(kSchema, "a", none), of_one);
  EXPECT_EQ(one.find(kSchema, "a", none), of_one);
}

TEST(DynamicStats, istio_has_names_of_its_own_in_prometheus) {
  Registry registry;
  DynamicStats stats(registry);
  stats.find(kSchema, "source", [] { return StatTags{{"reporter", "source"}}; })->add(0, 3);
  std::string text;
  write_stats_prometheus(registry, {}, text);
  EXPECT_EQ(text, "# TYPE istio_requests_total counter\nistio_requests_total{reporter=\"source\"} 3\n");
}

}  // namespace
}  // namespace proa::observe
