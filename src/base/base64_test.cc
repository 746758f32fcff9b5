#include "base/base64.h"

#include <gtest/gtest.h>

namespace proa {
namespace {

TEST(Base64, decodes_the_examples_of_the_rfc_with_and_without_padding) {
  for (auto [text, bytes] : {std::pair{"", ""},
                             {"Zg==", "f"},
                             {"Zm8=", "fo"},
                             {"Zm9v", "foo"},
                             {"Zm9vYg==", "foob"},
                             {"Zm9vYmE=", "fooba"},
                             {"Zm9vYmFy", "foobar"},
                             {"Zg", "f"},
                             {"Zm8", "fo"}}) {
    EXPECT_EQ(base64_decode(text), bytes) << text;
  }
  EXPECT_EQ(base64_decode("+/8A"), std::string("\xfb\xff\x00", 3));
}

TEST(Base64, refuses_what_no_encoder_makes) {
  for (std::string_view text : {"Z", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "-_8A", "====", "=Zg="}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
}

TEST(Base64, encodes_what_it_decodes) {
  for (std::string_view bytes : {"", "f", "fo", "foo", "foob", "\xff\xfe\xfd"}) {
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
  }
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("\xfb\xff"), "+/8=");
  EXPECT_EQ(base64url_encode("\xfb\xff"), "-_8");
  EXPECT_FALSE(base64url_decode("+/8"));
  EXPECT_FALSE(base64url_decode("-_8="));
}

}  // namespace
}  // namespace proa
