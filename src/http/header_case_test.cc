#include "http/header_case.h"

#include <gtest/gtest.h>

namespace proa::http {
namespace {

TEST(HeaderCase, keeps_the_spelling_of_each_name) {
  Arena arena;
  const HeaderCase* spelling = read_header_case(
      "GET /a:B HTTP/1.1\r\nHost: X.Test\r\nX-SoMe: a:b\r\nplain: 1\r\nx-some: 2\r\n\r\n", PreserveCase::kYes, arena);
  EXPECT_EQ(spelling->find("host"), "Host");
  EXPECT_EQ(spelling->find("x-some"), "X-SoMe") << "the first one";
  EXPECT_EQ(spelling->find("plain"), "plain");
  EXPECT_EQ(spelling->find("x-new"), "");
  EXPECT_EQ(spelling->find("get /a"), "") << "the first line has none";
  EXPECT_FALSE(spelling->else_proper_case());
}

TEST(HeaderCase, a_message_without_fields_has_none) {
  Arena arena;
  EXPECT_EQ(read_header_case("HTTP/1.1 200 OK\r\n\r\n", PreserveCase::kElseProperCase, arena)->find("date"), "");
  EXPECT_TRUE(read_header_case("HTTP/1.1 200 OK\r\n\r\n", PreserveCase::kElseProperCase, arena)->else_proper_case());
}

}  // namespace
}  // namespace proa::http
