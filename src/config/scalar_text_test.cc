#include "config/scalar_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace proa::config {
namespace {

TEST(WholeNumber, reads_decimal_and_whole_floats) {
  EXPECT_EQ(whole_number("18446744073709551615", false)->magnitude, UINT64_MAX);
  EXPECT_TRUE(whole_number("-5", false)->negative);
  EXPECT_EQ(whole_number("1e3", false)->magnitude, 1000u);
  EXPECT_EQ(whole_number("5.0", false)->magnitude, 5u);
  EXPECT_FALSE(whole_number("-0", false)->negative);
  for (const char* text : {"", "-", "1.5", "x", "1x", "0x10", "--1", "1_000", " 1", "inf", "nan"}) {
    EXPECT_FALSE(whole_number(text, false).has_value()) << text;
  }
}

TEST(WholeNumber, says_when_64_bits_are_not_enough) {
  EXPECT_TRUE(whole_number("18446744073709551616", false)->overflow);
  EXPECT_TRUE(whole_number("1e30", false)->overflow);
}

TEST(WholeNumber, reads_yaml_octal_and_hexadecimal) {
  EXPECT_EQ(whole_number("0600", true)->magnitude, 0600u);
  EXPECT_EQ(whole_number("0o600", true)->magnitude, 0600u);
  EXPECT_EQ(whole_number("0x1F", true)->magnitude, 31u);
  EXPECT_EQ(whole_number("0", true)->magnitude, 0u);
  EXPECT_FALSE(whole_number("089", true).has_value());
  EXPECT_EQ(whole_number("0600", false)->magnitude, 600u);
}

TEST(RealNumber, reads_json_and_yaml_forms) {
  EXPECT_EQ(real_number("-1.5e3"), -1500.0);
  EXPECT_EQ(real_number(".5"), 0.5);
  EXPECT_EQ(real_number("1e-999"), 0.0);
  EXPECT_TRUE(std::isnan(*real_number("NaN")));
  EXPECT_EQ(real_number("-.inf"), -INFINITY);
  for (const char* text : {"", ".", "e5", "1e", "1e999", "inf", "nan", "1.2.3", "0x1p3"}) {
    EXPECT_FALSE(real_number(text).has_value()) << text;
  }
}

TEST(Base64, reads_both_alphabets_with_and_without_padding) {
  EXPECT_EQ(from_base64("aGk="), "hi");
  EXPECT_EQ(from_base64("aGk"), "hi");
  EXPECT_EQ(from_base64("-_-_"), "\xFB\xFF\xBF");
  EXPECT_EQ(from_base64("+/+/"), "\xFB\xFF\xBF");
  EXPECT_EQ(from_base64(""), "");
  for (const char* text : {"a", "aGk=a", "a GK", "aGk==", "====", "="}) {
    EXPECT_FALSE(from_base64(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace proa::config
