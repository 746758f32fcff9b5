#include "base/back_off.h"

#include <gtest/gtest.h>

namespace proa {
namespace {

/// The longest of many first, second, ... waits.
Milliseconds longest(int nth, const BackOffOptions& options = {}) {
  Random random(1);
  Milliseconds most{0};
  for (int i = 0; i < 2000; ++i) {
    BackOff back_off(options);
    for (int n = 1; n < nth; ++n) back_off.next(random);
    most = std::max(most, back_off.next(random));
  }
  return most;
}

TEST(BackOff, doubles_up_to_its_maximum) {
  const int64_t bounds[] = {500, 1000, 2000, 4000, 8000, 16'000, 30'000, 30'000};
  for (int nth = 1; nth <= 8; ++nth) {
    EXPECT_LT(longest(nth).count(), bounds[nth - 1]) << nth;
    EXPECT_GT(longest(nth).count(), bounds[nth - 1] * 95 / 100) << nth;
  }
}

TEST(BackOff, begins_anew_after_a_reset) {
  Random random(1);
  BackOff back_off({});
  for (int i = 0; i < 10; ++i) back_off.next(random);
  back_off.reset();
  EXPECT_LT(back_off.next(random).count(), 500);
}

TEST(BackOff, a_base_over_the_maximum_is_the_maximum) {
  EXPECT_LT(longest(1, {Milliseconds(500), Milliseconds(10)}).count(), 10);
}

}  // namespace
}  // namespace proa
