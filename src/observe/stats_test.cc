#include "observe/stats.h"

#include <gtest/gtest.h>

#include <thread>

#include "observe/registry.h"

namespace proa::observe {
namespace {

enum class Stat { kRequests, kActive, kTime };
constexpr StatDef kStats[] = {
    {"rq_total"}, {"rq_active", StatKind::kGauge}, {"rq_time", StatKind::kHistogram, Unit::kMilliseconds}};
constexpr std::string_view kStatuses[] = {"rq"};
constexpr StatSchema kSchema{"thing", kStats, kStatuses};

TEST(Stats, sum_over_threads) {
  Registry registry;
  StatGroup group(registry, kSchema, {"a", {}});
  group.add(Stat::kRequests, 2);
  std::thread([&] {
    group.add(Stat::kRequests, 3);
    group.sub(Stat::kActive);
  }).join();
  group.add(Stat::kActive);
  EXPECT_EQ(group.value(Stat::kRequests), 5);
  EXPECT_EQ(group.value(Stat::kActive), 0);
}

TEST(Stats, cost_nothing_until_the_first_write) {
  Registry registry;
  StatGroup group(registry, kSchema, {"a", {}});
  EXPECT_FALSE(registry.used(group));
  EXPECT_EQ(group.value(Stat::kRequests), 0);
  group.add(Stat::kRequests);
  EXPECT_TRUE(registry.used(group));
}

TEST(Stats, values_may_be_negative_and_are_set) {
  Registry registry;
  StatGroup group(registry, kSchema, {"a", {}});
  EXPECT_FALSE(registry.used(group, 1));
  group.sub(Stat::kActive, 5);
  EXPECT_EQ(group.value(Stat::kActive), -5);
  group.set(Stat::kActive, -7);
  EXPECT_EQ(group.value(Stat::kActive), -7);
  group.add(Stat::kActive, 7);
  EXPECT_EQ(group.value(Stat::kActive), 0);
  EXPECT_TRUE(registry.used(group, 1));
  EXPECT_FALSE(registry.used(group, 0));
}

TEST(Stats, statuses_count_per_code) {
  Registry registry;
  StatGroup group(registry, kSchema, {"a", {}});
  group.count_status(0, 200);
  group.count_status(0, 200);
  group.count_status(0, 503);
  group.count_status(0, 999);  // no status
  EXPECT_EQ(registry.statuses(group, 0), (std::map<unsigned, uint64_t>{{200, 2}, {503, 1}}));
}

TEST(Stats, reset_zeroes_counters_and_keeps_gauges) {
  Registry registry;
  StatGroup group(registry, kSchema, {"a", {}});
  group.add(Stat::kRequests);
  group.add(Stat::kActive);
  group.record(Stat::kTime, 5);
  group.count_status(0, 200);
  registry.reset_counters();
  EXPECT_EQ(group.value(Stat::kRequests), 0);
  EXPECT_EQ(group.value(Stat::kActive), 1);
  EXPECT_EQ(registry.histogram(group, 2).count, 0u);
  EXPECT_TRUE(registry.statuses(group, 0).empty());
}

TEST(Stats, a_reused_id_starts_from_zero) {
  Registry registry;
  auto first = std::make_unique<StatGroup>(registry, kSchema, StatName{"a", {}});
  first->add(Stat::kRequests, 7);
  uint32_t id = first->id();
  first.reset();
  StatGroup second(registry, kSchema, {"b", {}});
  EXPECT_EQ(second.id(), id);
  EXPECT_EQ(second.value(Stat::kRequests), 0);
}

TEST(Stats, registries_do_not_mix) {
  Registry one;
  StatGroup in_one(one, kSchema, {"a", {}});
  in_one.add(Stat::kRequests);
  Registry two;
  StatGroup in_two(two, kSchema, {"a", {}});
  in_two.add(Stat::kRequests, 10);
  in_one.add(Stat::kRequests);
  EXPECT_EQ(in_one.value(Stat::kRequests), 2);
  EXPECT_EQ(in_two.value(Stat::kRequests), 10);
}

TEST(Histogram, is_exact_below_16_and_within_a_sixteenth_above) {
  for (uint64_t value : {0ull, 1ull, 15ull, 16ull, 17ull, 100ull, 12345ull, (1ull << 40) - 1}) {
    uint64_t start = histogram_bin_start(histogram_bin(value));
    EXPECT_LE(start, value);
    EXPECT_LE(static_cast<double>(value - start), static_cast<double>(value) / 16);
  }
  EXPECT_EQ(histogram_bin(~uint64_t{0}), kHistogramBins - 1);
}

TEST(Histogram, buckets_and_quantiles) {
  HistogramCells cells;
  for (uint64_t value = 1; value <= 100; ++value) cells.record(value);
  HistogramSnapshot snapshot;
  snapshot.add(cells);
  EXPECT_EQ(snapshot.count, 100u);
  EXPECT_EQ(snapshot.sum, 5050u);
  EXPECT_EQ(snapshot.count_at_most(0.5), 0u);
  EXPECT_EQ(snapshot.count_at_most(10), 10u);
  EXPECT_NEAR(snapshot.quantile(0.5), 50, 2);
  EXPECT_EQ(snapshot.quantile(1), 100);
}

}  // namespace
}  // namespace proa::observe
