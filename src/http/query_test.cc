#include "http/query.h"

#include <gtest/gtest.h>

#include <string>

#include "http/cookie.h"

namespace proa::http {
namespace {

std::string parameters(std::string_view path) {
  std::string text;
  for_each_query_parameter(path, [&](QueryParameter parameter) {
    text.append(parameter.name).append("=").append(parameter.value).append(";");
    return true;
  });
  return text;
}

TEST(Query, splits_parameters) {
  EXPECT_EQ(parameters("/a"), "");
  EXPECT_EQ(parameters("/a?"), "");
  EXPECT_EQ(parameters("/a?b"), "b=;");
  EXPECT_EQ(parameters("/a?b=1&c=2=3&&d="), "b=1;c=2=3;d=;");
  EXPECT_EQ(parameters("/a?b=?&c"), "b=?;c=;");
  EXPECT_EQ(query_parameter("/a?b=1&b=2", "b"), "1");
  EXPECT_EQ(query_parameter("/a?b=1", "c"), std::nullopt);
}

TEST(Cookie, is_found_in_any_field) {
  Arena arena;
  HeaderList headers(arena);
  headers.add("cookie", "a=1; b=\"two\";c; =x");
  headers.add("cookie", "d = 4;a=5");
  EXPECT_EQ(cookie(headers, "a"), "1");
  EXPECT_EQ(cookie(headers, "b"), "two");
  EXPECT_EQ(cookie(headers, "c"), std::nullopt);
  EXPECT_EQ(cookie(headers, "d"), "4");
}

}  // namespace
}  // namespace proa::http
