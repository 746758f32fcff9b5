#include "admin/query.h"

#include <gtest/gtest.h>

namespace proa::admin {
namespace {

TEST(Query, decodes_names_and_values) {
  Query query = Query::parse("/stats?filter=%5Ea%2B.b&usedonly");
  EXPECT_EQ(query.value("filter"), "^a+.b");
  EXPECT_TRUE(query.has("usedonly"));
  EXPECT_FALSE(query.has("format"));
}

TEST(Query, plus_stays_plus) { EXPECT_EQ(Query::parse("/x?filter=a+").value("filter"), "a+"); }

TEST(Query, broken_encoding_is_kept_as_it_is) { EXPECT_EQ(Query::parse("/x?a=%zz").value("a"), "%zz"); }

TEST(Query, first_value_counts_and_all_can_be_had) {
  Query query = Query::parse("/x?h=1&h=2");
  EXPECT_EQ(query.value("h"), "1");
  EXPECT_EQ(query.values("h"), (std::vector<std::string_view>{"1", "2"}));
}

TEST(Query, path_without_question_mark_has_none) { EXPECT_TRUE(Query::parse("/x").empty()); }

}  // namespace
}  // namespace proa::admin
