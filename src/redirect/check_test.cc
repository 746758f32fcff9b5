#include "redirect/check.h"

#include <gtest/gtest.h>

namespace proa::redirect {
namespace {

TEST(RedirectCheck, a_listener_is_seen) {
  constexpr std::string_view kText =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:3A99 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
      "   1: 0100007F:0050 0100007F:3A9E 01 00000000:00000000 00:00000000 00000000     0        0 2 1\n"
      "   2: 0100007F:3A9E 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 3 1";
  EXPECT_TRUE(listens(kText, 15001));
  EXPECT_FALSE(listens(kText, 15006)) << "connected, not listening";
  EXPECT_FALSE(listens(kText, 80));
  EXPECT_FALSE(listens("", 15001));
}

}  // namespace
}  // namespace proa::redirect
