#include "proxy/mirror.h"

#include <gtest/gtest.h>

namespace proa::proxy {
namespace {

TEST(Mirror, its_host_says_so_before_the_port) {
  EXPECT_EQ(shadow_authority("host.test"), "host.test-shadow");
  EXPECT_EQ(shadow_authority("host.test:8080"), "host.test-shadow:8080");
  EXPECT_EQ(shadow_authority("[::1]:80"), "[::1]-shadow:80");
  EXPECT_EQ(shadow_authority("[::1]"), "[::1]-shadow");
}

}  // namespace
}  // namespace proa::proxy
