#include "http/date.h"

#include <gtest/gtest.h>

namespace proa::http {
namespace {

using std::chrono::seconds;

TEST(HttpDate, is_an_imf_fixdate) {
  EXPECT_EQ(http_date(WallTime(seconds(784111777))), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(WallTime(seconds(0))), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(WallTime(seconds(1) - std::chrono::nanoseconds(1))), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(WallTime(seconds(1709210096))), "Thu, 29 Feb 2024 12:34:56 GMT");
}

TEST(HttpDate, is_read_back) {
  for (int64_t time : {0, 784111777, 1709210096, 1798761599}) {
    EXPECT_EQ(parse_http_date(http_date(WallTime(seconds(time)))), WallTime(seconds(time)));
  }
  for (std::string_view bad :
       {"", "Sun, 06 Nov 1994 08:49:37", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_FALSE(parse_http_date(bad)) << bad;
  }
}

}  // namespace
}  // namespace proa::http
