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

}  // namespace
}  // namespace proa
