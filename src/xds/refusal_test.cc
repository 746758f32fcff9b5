#include "xds/refusal.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace proa::xds {
namespace {

TEST(RefusalText, what_is_short_and_utf8_stays) {
  EXPECT_EQ(refusal_text(""), "");
  EXPECT_EQ(refusal_text("cluster \"a\u00e4\" has no policy"), "cluster \"a\u00e4\" has no policy");
}

TEST(RefusalText, bytes_that_are_no_utf8_are_replaced) {
  EXPECT_EQ(refusal_text("a\xff"
                         "b\xc3"),
            "a?b?");
  EXPECT_EQ(refusal_text("\xed\xa0\x80"), std::string(3, '?')) << "a surrogate";
}

TEST(RefusalText, a_cut_inside_a_character_is_mended) {
  const std::string text = refusal_text(std::string(4095, 'x') + "\u00e4\u00e4");
  EXPECT_EQ(text, std::string(4095, 'x') + "?...(truncated)");
  EXPECT_EQ(invalid_utf8(text), std::string::npos);
}

}  // namespace
}  // namespace proa::xds
