#include "base/utf8.h"

#include <gtest/gtest.h>

namespace proa {
namespace {

TEST(Utf8, well_formed_text_stays) {
  for (std::string_view text : {"", "plain", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\xa3", "\xed\x9f\xbf\xee\x80\x80"}) {
    EXPECT_EQ(well_formed_utf8(text), text);
  }
}

TEST(Utf8, each_other_byte_becomes_a_mark) {
  EXPECT_EQ(well_formed_utf8("a\xff"
                             "b\xc3"),
            "a!b!");                                                       // never a lead; a lead at the end
  EXPECT_EQ(well_formed_utf8("\xc0\xaf\xe0\x80\xaf"), "!!!!!");            // overlong
  EXPECT_EQ(well_formed_utf8("\xed\xa0\x80\xf4\x90\x80\x80"), "!!!!!!!");  // a surrogate; beyond U+10FFFF
  EXPECT_EQ(well_formed_utf8("\xe2\x82\xe2\x82\xac"), "!!\xe2\x82\xac");   // cut, then whole
}

TEST(Utf8, names_the_first_bad_byte) {
  EXPECT_EQ(invalid_utf8("abc\xC3\xA9\xF0\x9F\x98\x80"), std::string_view::npos);
  EXPECT_EQ(invalid_utf8("ab\xC3"), 2u);
  EXPECT_EQ(invalid_utf8("\xC0\x80"), 0u);
  EXPECT_EQ(invalid_utf8("a\xED\xA0\x80"), 1u);
  EXPECT_EQ(invalid_utf8("\xF4\x90\x80\x80"), 0u);
  EXPECT_EQ(invalid_utf8("\xE2\x82z"), 0u);
}

}  // namespace
}  // namespace proa
