#include "base/number.h"

#include <gtest/gtest.h>

#include <string>

namespace proa {
namespace {

TEST(ParseDecimal, takes_digits_only) {
  EXPECT_EQ(parse_decimal("0"), 0u);
  EXPECT_EQ(parse_decimal("007"), 7u);
  EXPECT_EQ(parse_decimal("18446744073709551615"), 18446744073709551615u);
  for (const char* bad : {"", "+5", "-5", "0x5", "5 ", " 5", "5.0", "5e0", "1_0", "5,5"}) {
    EXPECT_FALSE(parse_decimal(bad)) << bad;
  }
}

TEST(ParseDecimal, refuses_overflow_and_more_than_the_maximum) {
  EXPECT_FALSE(parse_decimal("18446744073709551616"));
  EXPECT_FALSE(parse_decimal("18446744073709551621"));
  EXPECT_FALSE(parse_decimal("9999999999999999999999999999999999999999"));
  EXPECT_FALSE(parse_decimal<uint16_t>("65536"));
  EXPECT_EQ(parse_decimal<uint16_t>("65535"), 65535);
  EXPECT_FALSE(parse_decimal<uint32_t>("11", 10));
}

TEST(ParseSignedDecimal, covers_the_whole_range) {
  EXPECT_EQ(parse_signed_decimal("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(parse_signed_decimal("9223372036854775807"), INT64_MAX);
  EXPECT_FALSE(parse_signed_decimal("9223372036854775808"));
  EXPECT_FALSE(parse_signed_decimal("--1"));
  EXPECT_FALSE(parse_signed_decimal("-"));
}

TEST(ParseHex, takes_one_to_sixteen_digits) {
  EXPECT_EQ(parse_hex("fF"), 255u);
  EXPECT_EQ(parse_hex("ffffffffffffffff"), UINT64_MAX);
  for (const char* bad : {"", "00000000000000001", "0x5", "5 ", "g", "-1"}) EXPECT_FALSE(parse_hex(bad)) << bad;
}

TEST(WriteNumber, is_the_inverse_of_parsing) {
  char text[kMaxDecimalDigits];
  for (uint64_t value : {uint64_t{0}, uint64_t{9}, uint64_t{10}, uint64_t{1234567}, UINT64_MAX}) {
    EXPECT_EQ(std::string(text, write_decimal(text, value)), std::to_string(value));
    EXPECT_EQ(parse_hex({text, static_cast<size_t>(write_hex(text, value) - text)}), value);
  }
}

}  // namespace
}  // namespace proa
